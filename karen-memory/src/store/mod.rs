//! L2, the truth: the port that keeps records and the log of their changes.

mod schema;
mod sql;

use async_trait::async_trait;

pub use sql::SqlRecordStore;

use crate::{MemoryError, Page, Record, RecordId, RecordPage, Remembered, Scope};

/// Keeps records durably, each in one scope.
///
/// # Contract
/// - A call sees and changes records of its scope only, whatever ids it names.
/// - A write that returned is on disk, and every later read on every instance sees it; one that
///   failed changed nothing.
/// - Each user of a tenant has a log: every change of a record adds an entry with a higher sequence,
///   and no entry becomes visible after a higher one did. Sequences start above 0.
/// - What is deleted leaves no byte of its text in the store.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Adds records that are not there, all or none; answers in their order.
    ///
    /// A record with the [`identity`](Record::identity) of one that is there is not stored again.
    /// Neither is a turn whose source was deleted: it answers with the id it had.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn append(
        &self,
        scope: &Scope,
        records: Vec<Record>,
    ) -> Result<Vec<Remembered>, MemoryError>;

    /// Those of the records that exist in the scope, in no particular order.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn get(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError>;

    /// A page of the scope, newest first.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to [`Page::LIMIT_MAX`].
    async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError>;

    /// How many records the scope has.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn count(&self, scope: &Scope) -> Result<u64, MemoryError>;

    /// Deletes a record; `false` if there was none.
    ///
    /// # Errors
    /// `ReadOnly`; `Unavailable`, after which deleting again erases what may be left of its bytes.
    async fn delete(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError>;

    /// Deletes every record of the scope; gives how many that were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    async fn delete_all(&self, scope: &Scope) -> Result<u64, MemoryError>;

    /// What changed after sequence `after` for the scope's user, in every session; oldest first,
    /// `limit` entries at most. An empty answer means that there is nothing more.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn log_after(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, MemoryError>;
}

/// A change of one record, told as what is true of it at the time of reading.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Its place in the user's log.
    pub sequence: i64,
    /// What the record has become.
    pub change: Change,
}

/// What a record has become.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It exists, like this.
    Put(Record),
    /// It is gone.
    Delete(RecordId),
}
