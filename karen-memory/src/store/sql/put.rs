//! Records as rows that are written.

use karen_sql::{SqlError, Tx};
use serde_json::json;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::places;
use crate::claim::Claim;
use crate::{Record, RecordId, Scope};

/// Rows of one statement: handing a statement over costs more than running it.
const ROWS: usize = 64;
/// The columns of a row that are not those of its user.
const WIDTH: usize = 23;

/// A record that is to be written, with what is read from it.
pub(super) struct New<'r> {
    pub(super) record: &'r Record,
    pub(super) identity: String,
    /// Where what it claims may meet other claims; `None` if it claims nothing.
    pub(super) slot: Option<String>,
}

impl<'r> New<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        Self {
            record,
            identity: record.identity(),
            slot: Claim::of(record).map(|claim| claim.slot()),
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, scope: &Scope, new: &[New<'_>]) -> Result<(), SqlError> {
    for new in new.chunks(ROWS) {
        let statement = format!(
            "INSERT INTO memory_records
             (tenant, user_id, id, kind, session, speaker, caption, source, at, agent,
              identity, text, tags, importance, pinned, valid_from, valid_to, recorded_at,
              retired_at, archived_at, superseded_by, uses, used_at, metadata, slot)
             VALUES {}",
            rows(new.len(), WIDTH)
        );
        let statement = sqlx::query(AssertSqlSafe(statement))
            .persistent(is_usual(new.len()))
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str());
        let statement = new.iter().fold(statement, bind_all);
        let inserted = statement.execute(&mut **tx).await;
        inserted.map_err(|e| SqlError::of("insert", "records", e))?;
    }
    Ok(())
}

/// Writes what a revision may have changed.
pub(super) async fn update(tx: &mut Tx, scope: &Scope, record: &Record) -> Result<(), SqlError> {
    let statement = sqlx::query(
        "UPDATE memory_records
         SET identity = $4, text = $5, tags = $6, importance = $7, pinned = $8, valid_from = $9,
             valid_to = $10, recorded_at = $11, retired_at = $12, archived_at = $13,
             superseded_by = $14, uses = $15, used_at = $16, metadata = $17, slot = $18
         WHERE tenant = $1 AND user_id = $2 AND id = $3",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str());
    let revised = New::of(record);
    bind_changeable(statement, &revised)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("update", "a record", e))?;
    Ok(())
}

/// Adds an entry for each record to the log; `sequence` is the last one's, before and after.
pub(super) async fn log(
    tx: &mut Tx,
    scope: &Scope,
    sequence: &mut i64,
    ids: &[&RecordId],
) -> Result<(), SqlError> {
    for ids in ids.chunks(ROWS) {
        let statement = format!(
            "INSERT INTO memory_log (tenant, user_id, sequence, record_id) VALUES {}",
            rows(ids.len(), 2)
        );
        let mut statement = sqlx::query(AssertSqlSafe(statement))
            .persistent(is_usual(ids.len()))
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str());
        for id in ids {
            *sequence += 1;
            statement = statement.bind(*sequence).bind(id.as_str());
        }
        let logged = statement.execute(&mut **tx).await;
        logged.map_err(|e| SqlError::of("log", "changes", e))?;
    }
    Ok(())
}

type Statement<'q> = Query<'q, Any, AnyArguments>;

fn bind_all<'q>(statement: Statement<'q>, new: &'q New<'_>) -> Statement<'q> {
    let record = new.record;
    let statement = statement
        .bind(record.id.as_str())
        .bind(record.kind.as_str())
        .bind(record.session.as_ref().map(|session| session.as_str()))
        .bind(record.speaker.as_str())
        .bind(record.caption.as_deref())
        .bind(record.source.as_deref())
        .bind(record.at)
        .bind(record.agent.as_ref().map(|agent| agent.as_str()));
    bind_changeable(statement, new)
}

/// Binds `identity` to `slot`, in the order that both statements name them.
fn bind_changeable<'q>(statement: Statement<'q>, new: &'q New<'_>) -> Statement<'q> {
    let record = new.record;
    let (lifetime, usage) = (&record.lifetime, &record.usage);
    statement
        .bind(new.identity.as_str())
        .bind(record.text.as_str())
        .bind(json!(record.tags).to_string())
        .bind(f64::from(record.importance))
        .bind(i64::from(record.pinned))
        .bind(lifetime.valid_from)
        .bind(lifetime.valid_to)
        .bind(lifetime.recorded_at)
        .bind(lifetime.retired_at)
        .bind(lifetime.archived_at)
        .bind(record.superseded_by.as_ref().map(RecordId::as_str))
        .bind(i64::from(usage.count))
        .bind(usage.last_at)
        .bind(json!(record.metadata).to_string())
        .bind(new.slot.as_deref())
}

/// `($1, $2, $3, $4), ($1, $2, $5, $6)`: rows of one user, with two columns of their own.
fn rows(count: usize, width: usize) -> String {
    let row = |i| format!("($1, $2, {})", places(3 + i * width, width));
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// Statements of other sizes would crowd the ones that come again out of the cache.
fn is_usual(rows: usize) -> bool {
    rows == 1 || rows == ROWS
}
