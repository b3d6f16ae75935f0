//! Revisions of a record, each with the version that it ended.

use karen_sql::{Database, SqlError, Tx};
use sqlx::AssertSqlSafe;

use super::row::COLUMNS;
use super::{history, put, row, session, write};
use crate::store::Revision;
use crate::{MemoryError, MemoryErrorKind, Record, RecordId, Scope};

pub(super) async fn revise(
    database: &Database,
    scope: &Scope,
    id: &RecordId,
    revision: &Revision,
    now: i64,
) -> Result<Option<Record>, MemoryError> {
    let mut tx = database.write().await?;
    let mut sequence = write::lock_head(&mut tx, scope).await?;
    let Some(record) = find(&mut tx, scope, id).await? else {
        return Ok(None);
    };
    let record = apply(&mut tx, scope, record, revision, now, &mut sequence).await?;
    write::move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(Some(record))
}

/// Changes a record inside a transaction that holds its user's head.
pub(super) async fn apply(
    tx: &mut Tx,
    scope: &Scope,
    record: Record,
    revision: &Revision,
    now: i64,
    sequence: &mut i64,
) -> Result<Record, MemoryError> {
    let mut revised = record.clone();
    revision.apply(&mut revised, now);
    refuse_twins(tx, scope, &record, &revised).await?;
    if let Some(change) = revision.change() {
        history::note(tx, scope, &record, change, now).await?;
        put::log(tx, scope, sequence, &[&record.id]).await?;
    }
    put::update(tx, scope, &revised).await?;
    Ok(revised)
}

/// Two records of one identity would be one memory under two ids.
async fn refuse_twins(
    tx: &mut Tx,
    scope: &Scope,
    record: &Record,
    revised: &Record,
) -> Result<(), MemoryError> {
    if record.identity() == revised.identity() {
        return Ok(());
    }
    match write::find_identity(tx, scope, &revised.identity()).await? {
        Some(twin) => {
            let subject = format!("record {} to what {twin} says", record.id);
            Err(MemoryError::new(
                MemoryErrorKind::Invalid,
                "change",
                subject,
            ))
        }
        None => Ok(()),
    }
}

pub(super) async fn find(
    tx: &mut Tx,
    scope: &Scope,
    id: &RecordId,
) -> Result<Option<Record>, MemoryError> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND id = $3 AND ($4 = '' OR session = $5)"
    )))
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .bind(session(scope))
    .bind(session(scope))
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find", "a record", e))?;
    row.as_ref().map(row::record).transpose()
}
