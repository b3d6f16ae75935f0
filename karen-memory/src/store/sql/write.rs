//! Changes of the records, each logged in the transaction that makes it.

use karen_sql::{Database, SqlError, Tx};
use sqlx::Row;

use super::{forgotten, row, session};
use crate::{MemoryError, Record, RecordId, Remembered, Scope};

pub(super) async fn append(
    database: &Database,
    scope: &Scope,
    records: Vec<Record>,
) -> Result<Vec<Remembered>, MemoryError> {
    let mut tx = database.write().await?;
    let mut sequence = lock_head(&mut tx, scope).await?;
    let mut remembered = Vec::with_capacity(records.len());
    for record in records {
        let one = append_one(&mut tx, scope, record, &mut sequence).await?;
        remembered.push(one);
    }
    move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(remembered)
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
    log(&mut tx, scope, sequence, id).await?;
    move_head(&mut tx, scope, sequence).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn delete_all(database: &Database, scope: &Scope) -> Result<u64, MemoryError> {
    let mut tx = database.write().await?;
    let sequence = lock_head(&mut tx, scope).await?;
    log_all(&mut tx, scope, sequence).await?;
    forgotten::note(&mut tx, scope, None).await?;
    let deleted = sqlx::query(
        "DELETE FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .execute(&mut *tx)
    .await
    .map_err(|e| SqlError::of("delete", "records", e))?
    .rows_affected();
    let logged = i64::try_from(deleted).expect("a table has fewer rows than i64 counts");
    move_head(&mut tx, scope, sequence + logged).await?;
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
    let same = find_identity(tx, scope, &identity).await?;
    let gone = forgotten::find(tx, scope, &identity).await?;
    if let Some(id) = same.clone().or(gone) {
        return Ok(Remembered {
            id,
            stored: false,
            reinforces: same,
        });
    }
    *sequence += 1;
    insert(tx, scope, &record, &identity).await?;
    log(tx, scope, *sequence, &record.id).await?;
    Ok(Remembered {
        id: record.id,
        stored: true,
        reinforces: None,
    })
}

/// Waits for writers of the same user; gives the last sequence they used.
async fn lock_head(tx: &mut Tx, scope: &Scope) -> Result<i64, SqlError> {
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

async fn move_head(tx: &mut Tx, scope: &Scope, sequence: i64) -> Result<(), SqlError> {
    sqlx::query("UPDATE memory_heads SET sequence = $3 WHERE tenant = $1 AND user_id = $2")
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(sequence)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("move", "the log's head", e))?;
    Ok(())
}

async fn find_identity(
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

async fn insert(
    tx: &mut Tx,
    scope: &Scope,
    record: &Record,
    identity: &str,
) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO memory_records
         (tenant, user_id, id, kind, session, speaker, text, caption, tags, source, at, identity)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str())
    .bind(record.kind.as_str())
    .bind(record.session.as_ref().map(|session| session.as_str()))
    .bind(record.speaker.as_str())
    .bind(record.text.as_str())
    .bind(record.caption.as_deref())
    .bind(serde_json::json!(record.tags).to_string())
    .bind(record.source.as_deref())
    .bind(record.at)
    .bind(identity)
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("insert", "a record", e))?;
    Ok(())
}

async fn log(tx: &mut Tx, scope: &Scope, sequence: i64, id: &RecordId) -> Result<(), SqlError> {
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
