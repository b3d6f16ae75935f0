//! Remembering, correcting and forgetting.

use karen_auth::Permission;
use karen_memory::{Edit, Feedback, NewRecord, Record, RecordId, Remembered};

use super::{Memories, found};
use crate::Result;

/// Records written at once at most.
const BATCH_MAX: usize = 1000;

impl Memories {
    /// Remembers something; [`Session::remember`](crate::Session::remember) is shorter for a plain
    /// note.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `TOO_LARGE`, `QUOTA`, `CONFLICT` for an idempotency key that
    /// something else was written with.
    pub async fn remember(&self, record: NewRecord) -> Result<Remembered> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        self.admit(record.bytes()).await?;
        let remembered = memory.remember(&scope, record).await?;
        self.changed().await;
        Ok(remembered)
    }

    /// Remembers 1,000 things at most, all or none of those that are news; answers in their order.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_all(&self, records: Vec<NewRecord>) -> Result<Vec<Remembered>> {
        super::within("the number of records", records.len(), 1, BATCH_MAX)?;
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        self.admit(records.iter().map(NewRecord::bytes).sum())
            .await?;
        let remembered = memory.remember_all(&scope, records).await?;
        self.changed().await;
        Ok(remembered)
    }

    /// Corrects a memory, and keeps what it was; gives what it has become.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_ARGUMENT` for other words of something said in a
    /// conversation, and for what another memory says.
    pub async fn update(&self, id: &str, edit: Edit) -> Result<Record> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let updated = memory.update(&scope, &RecordId::parse(id)?, edit).await?;
        self.changed().await;
        found(updated, id)
    }

    /// Learns from what somebody thinks of a memory that was recalled; gives what it has become.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn feedback(&self, id: &str, feedback: Feedback) -> Result<Record> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let id_read = RecordId::parse(id)?;
        let learnt = memory.feedback(&scope, &id_read, feedback).await?;
        self.changed().await;
        found(learnt, id)
    }

    /// Brings a memory back from where cleaning up put it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn restore(&self, id: &str) -> Result<Record> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let restored = memory.restore(&scope, &RecordId::parse(id)?).await?;
        self.changed().await;
        found(restored, id)
    }

    /// Forgets a memory for good; `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn forget(&self, id: &str) -> Result<bool> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let forgotten = memory.forget(&scope, &RecordId::parse(id)?).await?;
        self.changed().await;
        Ok(forgotten)
    }

    /// Forgets everything; gives how much that was. Decisions stay: see [`erase`](Self::erase).
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn forget_all(&self) -> Result<u64> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let forgotten = memory.forget_all(&scope).await?;
        self.changed().await;
        Ok(forgotten)
    }

    /// Erases everything in every conversation: memories and what they were, decisions, and the names
    /// of what was forgotten. Gives how many memories that were.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn erase(&self) -> Result<u64> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let erased = memory.erase(&scope).await?;
        self.changed().await;
        Ok(erased)
    }
}
