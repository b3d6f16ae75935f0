//! What records were before they changed.

use karen_sql::{Database, SqlError, Tx};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{places, row};
use crate::store::{ChangeKind, Version};
use crate::{MemoryError, MemoryErrorKind, Record, RecordId, Scope};

/// Keeps `record` as the version that `change` ended.
pub(super) async fn note(
    tx: &mut Tx,
    scope: &Scope,
    record: &Record,
    change: ChangeKind,
    now: i64,
) -> Result<(), SqlError> {
    let text = serde_json::to_string(record).expect("records are plain data");
    sqlx::query(
        "INSERT INTO memory_versions
         (tenant, user_id, record_id, version, changed_at, change, record)
         SELECT $1, $2, $3, COALESCE(MAX(version), 0) + 1, $4, $5, $6 FROM memory_versions
         WHERE tenant = $7 AND user_id = $8 AND record_id = $9",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str())
    .bind(now)
    .bind(change.as_str())
    .bind(text)
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(record.id.as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("note", "a version", e))?;
    Ok(())
}

/// Adds versions as another store gave them.
pub(super) async fn put(
    tx: &mut Tx,
    scope: &Scope,
    id: &RecordId,
    versions: &[Version],
) -> Result<(), SqlError> {
    for version in versions {
        let text = serde_json::to_string(&version.record).expect("records are plain data");
        sqlx::query(
            "INSERT INTO memory_versions
             (tenant, user_id, record_id, version, changed_at, change, record)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(id.as_str())
        .bind(version.version)
        .bind(version.changed_at)
        .bind(version.change.as_str())
        .bind(text)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("put", "a version", e))?;
    }
    Ok(())
}

/// The versions of a record, oldest first.
pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    id: &RecordId,
) -> Result<Vec<Version>, MemoryError> {
    let mut reader = database.read().await?;
    let rows = sqlx::query(
        "SELECT version, changed_at, change, record FROM memory_versions
         WHERE tenant = $1 AND user_id = $2 AND record_id = $3 ORDER BY version",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .fetch_all(&mut *reader)
    .await
    .map_err(|e| SqlError::of("list", "versions", e))?;
    rows.iter().map(version).collect()
}

/// For each record that changed after `known`, what it was then; the others are left out.
pub(super) async fn as_known(
    database: &Database,
    scope: &Scope,
    ids: &[RecordId],
    known: i64,
) -> Result<Vec<Record>, MemoryError> {
    let statement = format!(
        "SELECT version, changed_at, change, record FROM memory_versions
         WHERE tenant = $1 AND user_id = $2 AND changed_at > $3 AND record_id IN ({})
         ORDER BY record_id, version",
        places(4, ids.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(statement))
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(known);
    for id in ids {
        query = query.bind(id.as_str());
    }
    let mut reader = database.read().await?;
    let rows = query
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("read", "versions", e))?;
    let versions: Vec<Version> = rows.iter().map(version).collect::<Result<_, _>>()?;
    let mut records: Vec<Record> = versions.into_iter().map(|v| v.record).collect();
    // The first change after `known` ended what was known then.
    records.dedup_by(|later, first| later.id == first.id);
    Ok(records)
}

/// Forgets the versions of one record.
pub(super) async fn delete(tx: &mut Tx, scope: &Scope, id: &RecordId) -> Result<(), SqlError> {
    sqlx::query(
        "DELETE FROM memory_versions WHERE tenant = $1 AND user_id = $2 AND record_id = $3",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("delete", "versions", e))?;
    Ok(())
}

/// Forgets the versions of records that are gone.
pub(super) async fn delete_orphans(tx: &mut Tx, scope: &Scope) -> Result<(), SqlError> {
    sqlx::query(
        "DELETE FROM memory_versions
         WHERE tenant = $1 AND user_id = $2 AND NOT EXISTS (
            SELECT 1 FROM memory_records r
            WHERE r.tenant = memory_versions.tenant AND r.user_id = memory_versions.user_id
              AND r.id = memory_versions.record_id)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("delete", "versions", e))?;
    Ok(())
}

fn version(row: &AnyRow) -> Result<Version, MemoryError> {
    let change = row::text(row, "change")?;
    let damaged = || MemoryError::new(MemoryErrorKind::Corrupt, "read", "a version's change");
    Ok(Version {
        version: row::number(row, "version")?,
        changed_at: row::number(row, "changed_at")?,
        change: ChangeKind::parse(&change).ok_or_else(damaged)?,
        record: row::json(row, "record")?,
    })
}
