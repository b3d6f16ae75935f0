//! Changing the embedder.

use karen_sql::Database;

use super::Memory;
use crate::{KnownEmbedder, MemoryError, RecordStore, Reembedding, SqlRecordStore};

impl Memory {
    /// Makes everybody's vectors anew where they are of another embedder than the one in use, and takes away
    /// those of all others. Call it once after opening, in a task of its own: recalls go on meanwhile, by the
    /// [former embedder](crate::MemoryConfig::former_embedders) if there is one, and see every write. It returns
    /// at once when there is nothing to do.
    ///
    /// Dropped half-way, or cut short by a crash, the next call goes on where it stood. Instances that share a
    /// Milvus share the work; all of them should have the same embedder by then.
    ///
    /// # Errors
    /// `Unavailable`, a failing embedder's too; calling again goes on.
    pub async fn reembed(&self) -> Result<(), MemoryError> {
        self.shared.projector.reembed().await
    }

    /// How far [`reembed`](Self::reembed) has come; `None` when all vectors are of the embedder in use.
    #[must_use]
    pub fn reembedding(&self) -> Option<Reembedding> {
        self.shared.projector.meanings.as_ref()?.reembedding()
    }

    /// The embedders that vectors of the memory in a database were made with, before it is opened: they tell
    /// which [former embedder](crate::MemoryConfig::former_embedders) it needs.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn embedders(database: &Database) -> Result<Vec<KnownEmbedder>, MemoryError> {
        let store = SqlRecordStore::open(database.clone()).await?;
        store.embedders().await
    }
}
