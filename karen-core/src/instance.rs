//! Which programs work on one database, and which of them have died.
//!
//! An instance is one data folder. While it is open it says so every few seconds; what it left running
//! when it fell silent is for the others to mend.

use std::collections::HashSet;
use std::time::Duration;

use karen_sql::{Database, SqlError, now_ms};
use sqlx::Row;

use crate::Result;

/// How often an instance says that it lives.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(10);
/// An instance that has not said so for as long is dead. Clocks of machines may differ by less.
const SILENCE_MAX_MS: i64 = 60_000;

/// This instance among those of its database.
#[derive(Clone, Debug)]
pub(crate) struct Instances {
    database: Database,
    own: String,
}

impl Instances {
    pub(crate) fn new(database: Database, own: String) -> Self {
        Self { database, own }
    }

    /// The name of this one.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// Says that this one lives.
    pub(crate) async fn beat(&self) -> Result<()> {
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO core_instances (id, seen_at) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET seen_at = $2",
        )
        .bind(&self.own)
        .bind(now_ms())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("note", "an instance", e))?;
        Ok(tx.commit().await?)
    }

    /// Says that this one ends.
    pub(crate) async fn leave(&self) -> Result<()> {
        let mut tx = self.database.write().await?;
        sqlx::query("DELETE FROM core_instances WHERE id = $1 OR seen_at < $2")
            .bind(&self.own)
            .bind(now_ms() - SILENCE_MAX_MS)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "an instance", e))?;
        Ok(tx.commit().await?)
    }

    /// Those that live beside this one.
    pub(crate) async fn others(&self) -> Result<HashSet<String>> {
        let of = |e| SqlError::of("list", "instances", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query("SELECT id FROM core_instances WHERE id <> $1 AND seen_at >= $2")
            .bind(&self.own)
            .bind(now_ms() - SILENCE_MAX_MS)
            .fetch_all(&mut *reader)
            .await
            .map_err(of)?;
        let ids = rows.iter().map(|row| row.try_get("id"));
        Ok(ids.collect::<Result<_, _>>().map_err(of)?)
    }
}
