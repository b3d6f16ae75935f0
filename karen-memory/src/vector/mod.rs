//! L3: the port that finds records by meaning.

mod flat;
#[cfg(feature = "milvus")]
mod milvus;

use async_trait::async_trait;

pub use flat::FlatIndex;
#[cfg(feature = "milvus")]
pub use milvus::{MilvusConfig, MilvusIndex};

use crate::{Facets, Filter, MemoryError, RecordId, Scope};

/// Finds the vectors nearest to another.
///
/// # Contract
/// - It is a projection: [`mark`](Self::mark) says how much of the user's log it holds, and it may
///   lose everything and start again from 0. A session in the scope plays no part; filters do.
/// - Applying a batch is idempotent, and is seen by the next search whole.
/// - Filters are exact: they never cost an answer that they admit.
/// - A deleted record, and every vector of it, is gone when `apply` returns.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// The sequence up to which the user's log has been applied; 0 for nothing.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError>;

    /// Goes back to 0 for the scope's user unless the entry at the mark is about `marked`, the record
    /// that the log has there: an index that outlives its process may have followed another log, such
    /// as that of a database before it was restored.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError>;

    /// Applies changes in their order and moves the mark to `mark`.
    ///
    /// # Errors
    /// `Unavailable`; the mark has not moved then.
    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<VectorChange>,
        mark: i64,
    ) -> Result<(), MemoryError>;

    /// The records most like `vector` by dot product, best first, `limit` at most; equal ones order
    /// by id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn search(
        &self,
        scope: &Scope,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError>;

    /// The server that keeps it, where instances share one: they must take turns in applying to it.
    fn server(&self) -> Option<&'static str> {
        None
    }

    /// Finds out whether the server answers.
    ///
    /// # Errors
    /// `Unavailable`, `Invalid` when it does not let us in.
    async fn ping(&self) -> Result<(), MemoryError> {
        Ok(())
    }

    /// Forgets everything, of every user: marks are 0 again.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn clear(&self) -> Result<(), MemoryError>;

    /// Keeps what is not kept yet, and gives up the files that only one process may have open. The
    /// index goes on in memory.
    async fn close(&self) {}
}

/// A change of the vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum VectorChange {
    /// The record has this vector.
    Put {
        /// The record.
        id: RecordId,
        /// What filters look at.
        facets: Facets,
        /// Of length 1, or all zeros.
        vector: Vec<f32>,
    },
    /// The record is gone.
    Delete(RecordId),
}
