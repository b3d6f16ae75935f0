//! What changed, as tables that statements can take it from.

use duckdb::{Connection, params};

use super::{failed, run};
use crate::{Batch, MemoryError, RecallCount, Row, RowChange, Scope};

/// `changed`, its times in milliseconds; a row that is gone has no kind.
const CHANGED: &str = "CREATE TEMP TABLE changed (tenant TEXT, user_id TEXT, id TEXT, kind TEXT,
    session TEXT, agent TEXT, said_at BIGINT, recorded_at BIGINT, valid_from BIGINT,
    valid_to BIGINT, retired_at BIGINT, archived_at BIGINT, superseded_by TEXT, importance FLOAT,
    pinned BOOLEAN, uses BIGINT, used_at BIGINT, bytes BIGINT, tags BIGINT, proofs BIGINT)";
/// The rows that are there, as `memories` has them. Times outside the years 1 to 9999, which callers may
/// give, become the nearest inside.
pub(super) const PUT: &str = "SELECT tenant, user_id, id, kind, session, agent, tick(said_at),
    tick(recorded_at), tick(valid_from), tick(valid_to), tick(retired_at), tick(archived_at),
    superseded_by, importance, pinned, uses, tick(used_at), bytes, tags, proofs
    FROM changed WHERE kind IS NOT NULL";
const TICK: &str = "CREATE TEMP MACRO tick(ms) AS
    epoch_ms(greatest(least(ms, 253402300799999), -62135596800000) + 0 * ms)";

/// Makes `changed` of the batches.
pub(super) fn changes(connection: &Connection, batches: &[Batch]) -> Result<(), MemoryError> {
    run(connection, "apply", CHANGED)?;
    run(connection, "apply", TICK)?;
    append_changes(connection, batches).map_err(|e| failed("apply", e))
}

fn append_changes(connection: &Connection, batches: &[Batch]) -> duckdb::Result<()> {
    let mut appender = connection.appender("changed")?;
    for batch in batches {
        for change in &batch.changes {
            match change {
                RowChange::Put(row) => append(&mut appender, &batch.scope, row)?,
                RowChange::Delete(id) => {
                    let row = gone(id);
                    append(&mut appender, &batch.scope, &row)?;
                }
            }
        }
    }
    appender.flush()
}

fn append(appender: &mut duckdb::Appender<'_>, scope: &Scope, row: &Row) -> duckdb::Result<()> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    appender.append_row(params![
        scope.tenant().as_str(),
        scope.user().as_str(),
        row.id.as_str(),
        (!row.kind.is_empty()).then_some(row.kind),
        row.session.as_deref(),
        row.agent.as_deref(),
        row.at,
        row.recorded_at,
        row.valid_from,
        row.valid_to,
        row.retired_at,
        row.archived_at,
        row.superseded_by.as_ref().map(|id| id.as_str()),
        row.importance,
        row.pinned,
        i64::from(row.uses),
        row.used_at,
        number(row.bytes),
        i64::from(row.tags),
        i64::from(row.proofs),
    ])
}

/// A row of no kind.
fn gone(id: &crate::RecordId) -> Row {
    Row {
        id: id.clone(),
        kind: "",
        session: None,
        agent: None,
        at: 0,
        recorded_at: 0,
        valid_from: 0,
        valid_to: None,
        retired_at: None,
        archived_at: None,
        superseded_by: None,
        importance: 0.0,
        pinned: false,
        uses: 0,
        used_at: None,
        bytes: 0,
        tags: 0,
        proofs: 0,
    }
}

/// Makes `counted` of the counts, as `recalls` has them.
pub(super) fn counts(connection: &Connection, counts: &[RecallCount]) -> Result<(), MemoryError> {
    let counted = "CREATE TEMP TABLE counted (tenant TEXT, user_id TEXT, hour TIMESTAMP,
        recalls BIGINT, hits BIGINT, items BIGINT, partial BIGINT)";
    run(connection, "count", counted)?;
    let insert = || -> duckdb::Result<()> {
        let mut insert =
            connection.prepare("INSERT INTO counted VALUES (?, ?, epoch_ms(?), ?, ?, ?, ?)")?;
        for count in counts {
            let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
            insert.execute(params![
                count.scope.tenant().as_str(),
                count.scope.user().as_str(),
                count.hour,
                number(count.recalls),
                number(count.hits),
                number(count.items),
                number(count.partial),
            ])?;
        }
        Ok(())
    };
    insert().map_err(|e| failed("count", e))
}
