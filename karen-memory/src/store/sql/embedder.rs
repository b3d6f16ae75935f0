//! The embedders that vectors were made with.

use karen_sql::{Database, SqlError};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row;
use crate::{KnownEmbedder, MemoryError, MemoryErrorKind};

pub(super) async fn list(
    connection: &mut AnyConnection,
) -> Result<Vec<KnownEmbedder>, MemoryError> {
    let rows = sqlx::query("SELECT id, dim, is_settled FROM memory_embedders ORDER BY id")
        .fetch_all(connection)
        .await
        .map_err(|e| SqlError::of("list", "embedders", e))?;
    rows.iter().map(embedder).collect()
}

pub(super) async fn note(database: &Database, embedder: &KnownEmbedder) -> Result<(), SqlError> {
    let mut tx = database.write().await?;
    sqlx::query(
        "INSERT INTO memory_embedders (id, dim, is_settled) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(embedder.id.as_str())
    .bind(i64::try_from(embedder.dim).unwrap_or(i64::MAX))
    .bind(i64::from(embedder.is_settled))
    .execute(&mut *tx)
    .await
    .map_err(|e| SqlError::of("note", "an embedder", e))?;
    tx.commit().await
}

pub(super) async fn settle(database: &Database, id: &str) -> Result<(), SqlError> {
    let of = |e| SqlError::of("settle", "an embedder", e);
    let mut tx = database.write().await?;
    let delete = sqlx::query("DELETE FROM memory_embedders WHERE id <> $1").bind(id);
    delete.execute(&mut *tx).await.map_err(of)?;
    let update = sqlx::query("UPDATE memory_embedders SET is_settled = 1 WHERE id = $1").bind(id);
    update.execute(&mut *tx).await.map_err(of)?;
    tx.commit().await
}

fn embedder(row: &AnyRow) -> Result<KnownEmbedder, MemoryError> {
    let dim = row::number(row, "dim")?;
    let damaged = |e| {
        let subject = "the dimension of an embedder";
        MemoryError::new(MemoryErrorKind::Corrupt, "read", subject).caused_by(e)
    };
    Ok(KnownEmbedder {
        id: row::text(row, "id")?,
        dim: usize::try_from(dim).map_err(damaged)?,
        is_settled: row::number(row, "is_settled")? != 0,
    })
}
