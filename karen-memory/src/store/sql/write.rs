//! Changes of the records, each logged in the transaction that makes it.

use karen_sql::{Database, SqlError, Tx};
use serde_json::json;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use super::{consent, forgotten, history, link, revise, row, session, supersede};
use crate::claim::Claim;
use crate::{Exported, Imported, MemoryError, Record, RecordId, Refusal, Remembered, Scope};

pub(super) async fn append(
    database: &Database,
    scope: &Scope,
    records: Vec<Record>,
) -> Result<Vec<Remembered>, MemoryError> {
    let mut tx = database.write().await?;
    let mut sequence = lock_head(&mut tx, scope).await?;
    let consents = consent::read(&mut tx, scope).await?;
    let mut remembered = Vec::with_capacity(records.len());
    for record in records {
        remembered.push(match consents.may_remember(record.session.as_ref()) {
            true => append_one(&mut tx, scope, record, &mut sequence).await?,
            false => Remembered::refused(record.id, Refusal::Consent),
        });
    }
    move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(remembered)
}

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
        sequence += 1;
        insert(&mut tx, scope, record, &identity).await?;
        history::put(&mut tx, scope, &record.id, &one.history).await?;
        link::put(&mut tx, scope, &one.links).await?;
        log(&mut tx, scope, sequence, &record.id).await?;
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
    let sequence = lock_head(&mut tx, scope).await? + 1;
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
    log(&mut tx, scope, sequence, id).await?;
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

async fn append_one(
    tx: &mut Tx,
    scope: &Scope,
    record: Record,
    sequence: &mut i64,
) -> Result<Remembered, MemoryError> {
    let identity = record.identity();
    if let Some(id) = find_identity(tx, scope, &identity).await? {
        return Ok(Remembered::reinforcing(id, Refusal::Same));
    }
    if let Some(id) = forgotten::find(tx, scope, &identity).await? {
        return Ok(Remembered::refused(id, Refusal::Forgotten));
    }
    *sequence += 1;
    insert(tx, scope, &record, &identity).await?;
    log(tx, scope, *sequence, &record.id).await?;
    supersede::settle(tx, scope, &record, sequence).await
}

/// Waits for writers of the same user; gives the last sequence they used.
pub(super) async fn lock_head(tx: &mut Tx, scope: &Scope) -> Result<i64, SqlError> {
    let of = |e| SqlError::of("lock", "the log", e);
    let row = sqlx::query(
        "INSERT INTO memory_heads (tenant, user_id, sequence) VALUES ($1, $2, 0)
         ON CONFLICT (tenant, user_id) DO UPDATE SET sequence = memory_heads.sequence
         RETURNING sequence",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .fetch_one(&mut **tx)
    .await
    .map_err(of)?;
    row.try_get("sequence").map_err(of)
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

pub(super) async fn insert(
    tx: &mut Tx,
    scope: &Scope,
    record: &Record,
    identity: &str,
) -> Result<(), SqlError> {
    let statement = sqlx::query(
        "INSERT INTO memory_records
         (tenant, user_id, id, kind, session, speaker, caption, source, at, identity,
          agent, text, tags, importance, pinned, valid_from, valid_to, recorded_at, retired_at,
          archived_at, superseded_by, uses, used_at, metadata, slot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23, $24, $25)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str())
    .bind(record.kind.as_str())
    .bind(record.session.as_ref().map(|session| session.as_str()))
    .bind(record.speaker.as_str())
    .bind(record.caption.as_deref())
    .bind(record.source.as_deref())
    .bind(record.at)
    .bind(identity)
    .bind(record.agent.as_ref().map(|agent| agent.as_str()));
    bind_changeable(statement, record)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("insert", "a record", e))?;
    Ok(())
}

/// Writes what a revision may have changed.
pub(super) async fn update(tx: &mut Tx, scope: &Scope, record: &Record) -> Result<(), SqlError> {
    let identity = record.identity();
    let statement = sqlx::query(
        "UPDATE memory_records
         SET identity = $4, text = $5, tags = $6, importance = $7, pinned = $8, valid_from = $9,
             valid_to = $10, recorded_at = $11, retired_at = $12, archived_at = $13,
             superseded_by = $14, uses = $15, used_at = $16, metadata = $17, slot = $18
         WHERE tenant = $1 AND user_id = $2 AND id = $3",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str())
    .bind(identity.as_str());
    bind_changeable(statement, record)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("update", "a record", e))?;
    Ok(())
}

/// Binds `text` to `slot`, in the order that both statements name them.
fn bind_changeable<'q>(
    statement: Query<'q, Any, AnyArguments>,
    record: &'q Record,
) -> Query<'q, Any, AnyArguments> {
    let (lifetime, usage) = (&record.lifetime, &record.usage);
    statement
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
        .bind(Claim::of(record).map(|claim| claim.slot()))
}

pub(super) async fn log(
    tx: &mut Tx,
    scope: &Scope,
    sequence: i64,
    id: &RecordId,
) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO memory_log (tenant, user_id, sequence, record_id) VALUES ($1, $2, $3, $4)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(sequence)
    .bind(id.as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("log", "a change", e))?;
    Ok(())
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
