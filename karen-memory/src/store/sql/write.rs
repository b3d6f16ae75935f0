//! Changes of the records, each logged in the transaction that makes it.

use karen_sql::{Database, SqlError, Tx};
use sqlx::{AssertSqlSafe, Row};

use super::put::{self, New};
use super::{forgotten, history, link, revise, row, session};
use crate::{Exported, Imported, MemoryError, RecordId, Scope};

/// Adds records with their versions and links, but for those that are there.
pub(super) async fn import(
    database: &Database,
    scope: &Scope,
    exported: Vec<Exported>,
) -> Result<Imported, MemoryError> {
    let mut tx = database.write().await?;
    let mut sequence = lock_head(&mut tx, scope).await?;
    let mut imported = Imported::default();
    for one in exported {
        let (record, identity) = (&one.record, one.record.identity());
        let same = find_identity(&mut tx, scope, &identity).await?;
        if same.is_some()
            || revise::find(&mut tx, &scope.whole(), &record.id)
                .await?
                .is_some()
        {
            imported.known += 1;
            continue;
        }
        imported.stored += 1;
        put::insert(&mut tx, scope, &[New::of(record)]).await?;
        history::put(&mut tx, scope, &record.id, &one.history).await?;
        link::put(&mut tx, scope, &one.links).await?;
        put::log(&mut tx, scope, &mut sequence, &[&record.id]).await?;
    }
    move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(imported)
}

pub(super) async fn delete(
    database: &Database,
    scope: &Scope,
    id: &RecordId,
) -> Result<bool, MemoryError> {
    let mut tx = database.write().await?;
    let mut sequence = lock_head(&mut tx, scope).await?;
    forgotten::note(&mut tx, scope, Some(id)).await?;
    let deleted = sqlx::query(
        "DELETE FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND id = $3 AND ($4 = '' OR session = $5)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .bind(session(scope))
    .bind(session(scope))
    .execute(&mut *tx)
    .await
    .map_err(|e| SqlError::of("delete", "a record", e))?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    history::delete(&mut tx, scope, id).await?;
    link::delete(&mut tx, scope, id).await?;
    put::log(&mut tx, scope, &mut sequence, &[id]).await?;
    move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn delete_all(database: &Database, scope: &Scope) -> Result<u64, MemoryError> {
    let mut tx = database.write().await?;
    let deleted = delete_records(&mut tx, scope).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Deletes the records of the scope, logged and noted as forgotten.
async fn delete_records(tx: &mut Tx, scope: &Scope) -> Result<u64, SqlError> {
    let sequence = lock_head(tx, scope).await?;
    log_all(tx, scope, sequence).await?;
    forgotten::note(tx, scope, None).await?;
    let deleted = sqlx::query(
        "DELETE FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("delete", "records", e))?
    .rows_affected();
    history::delete_orphans(tx, scope).await?;
    link::delete_orphans(tx, scope).await?;
    let logged = i64::try_from(deleted).expect("a table has fewer rows than i64 counts");
    move_head(tx, scope, sequence + logged).await?;
    Ok(deleted)
}

/// Tables that hold something of a user beside the records, their log and its head.
const BESIDE: [&str; 6] = [
    "memory_forgotten",
    "memory_versions",
    "memory_links",
    "memory_consents",
    "memory_retention",
    "memory_jobs",
];

/// Deletes everything of a user but the log, from which indexes learn of it.
pub(super) async fn erase(database: &Database, scope: &Scope) -> Result<u64, MemoryError> {
    let scope = scope.whole();
    let mut tx = database.write().await?;
    let deleted = delete_records(&mut tx, &scope).await?;
    for table in BESIDE {
        let statement = format!("DELETE FROM {table} WHERE tenant = $1 AND user_id = $2");
        sqlx::query(AssertSqlSafe(statement))
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("erase", table, e))?;
    }
    tx.commit().await?;
    Ok(deleted)
}

/// Waits for writers of the same user; gives the last sequence they used.
pub(super) async fn lock_head(tx: &mut Tx, scope: &Scope) -> Result<i64, SqlError> {
    lock_and_move_head(tx, scope, 0).await
}

/// The same, and moves the head on by as many entries as are about to be logged.
pub(super) async fn lock_and_move_head(
    tx: &mut Tx,
    scope: &Scope,
    entries: i64,
) -> Result<i64, SqlError> {
    let of = |e| SqlError::of("lock", "the log", e);
    let row = sqlx::query(
        "INSERT INTO memory_heads (tenant, user_id, sequence) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, user_id)
         DO UPDATE SET sequence = memory_heads.sequence + excluded.sequence
         RETURNING sequence",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(entries)
    .fetch_one(&mut **tx)
    .await
    .map_err(of)?;
    let moved: i64 = row.try_get("sequence").map_err(of)?;
    Ok(moved - entries)
}

pub(super) async fn move_head(tx: &mut Tx, scope: &Scope, sequence: i64) -> Result<(), SqlError> {
    sqlx::query("UPDATE memory_heads SET sequence = $3 WHERE tenant = $1 AND user_id = $2")
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(sequence)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("move", "the log's head", e))?;
    Ok(())
}

pub(super) async fn find_identity(
    tx: &mut Tx,
    scope: &Scope,
    identity: &str,
) -> Result<Option<RecordId>, MemoryError> {
    let row = sqlx::query(
        "SELECT id FROM memory_records WHERE tenant = $1 AND user_id = $2 AND identity = $3",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(identity)
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find", "a record", e))?;
    row.as_ref().map(row::id).transpose()
}

/// One entry for each record of the scope, numbered on from `sequence`.
async fn log_all(tx: &mut Tx, scope: &Scope, sequence: i64) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO memory_log (tenant, user_id, sequence, record_id)
         SELECT tenant, user_id, $1 + ROW_NUMBER() OVER (ORDER BY id), id
         FROM memory_records
         WHERE tenant = $2 AND user_id = $3 AND ($4 = '' OR session = $5)",
    )
    .bind(sequence)
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("log", "changes", e))?;
    Ok(())
}
