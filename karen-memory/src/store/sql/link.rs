//! Links between records.

use karen_sql::{Database, SqlError, Tx};
use sqlx::any::AnyRow;

use super::row;
use crate::store::{Link, Relation};
use crate::{MemoryError, MemoryErrorKind, RecordId, Scope};

/// Adds links; those that are there stay.
pub(super) async fn put(tx: &mut Tx, scope: &Scope, links: &[Link]) -> Result<(), SqlError> {
    for link in links {
        sqlx::query(
            "INSERT INTO memory_links (tenant, user_id, from_id, to_id, relation)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant, user_id, from_id, to_id, relation) DO NOTHING",
        )
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(link.from.as_str())
        .bind(link.to.as_str())
        .bind(link.relation.as_str())
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("put", "a link", e))?;
    }
    Ok(())
}

/// The links from and to a record, in order.
pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    id: &RecordId,
) -> Result<Vec<Link>, MemoryError> {
    let mut reader = database.read().await?;
    let rows = sqlx::query(
        "SELECT from_id, to_id, relation FROM memory_links
         WHERE tenant = $1 AND user_id = $2 AND (from_id = $3 OR to_id = $4)
         ORDER BY from_id, to_id, relation",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .bind(id.as_str())
    .fetch_all(&mut *reader)
    .await
    .map_err(|e| SqlError::of("list", "links", e))?;
    rows.iter().map(link).collect()
}

/// Forgets the links from and to one record.
pub(super) async fn delete(tx: &mut Tx, scope: &Scope, id: &RecordId) -> Result<(), SqlError> {
    sqlx::query(
        "DELETE FROM memory_links
         WHERE tenant = $1 AND user_id = $2 AND (from_id = $3 OR to_id = $4)",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(id.as_str())
    .bind(id.as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("delete", "links", e))?;
    Ok(())
}

/// Forgets the links of records that are gone.
pub(super) async fn delete_orphans(tx: &mut Tx, scope: &Scope) -> Result<(), SqlError> {
    sqlx::query(
        "DELETE FROM memory_links
         WHERE tenant = $1 AND user_id = $2 AND 2 > (
            SELECT COUNT(*) FROM memory_records r
            WHERE r.tenant = memory_links.tenant AND r.user_id = memory_links.user_id
              AND r.id IN (memory_links.from_id, memory_links.to_id))",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("delete", "links", e))?;
    Ok(())
}

fn link(row: &AnyRow) -> Result<Link, MemoryError> {
    let relation = row::text(row, "relation")?;
    let damaged = || MemoryError::new(MemoryErrorKind::Corrupt, "read", "a link's relation");
    Ok(Link {
        from: RecordId::parse(&row::text(row, "from_id")?)?,
        to: RecordId::parse(&row::text(row, "to_id")?)?,
        relation: Relation::parse(&relation).ok_or_else(damaged)?,
    })
}
