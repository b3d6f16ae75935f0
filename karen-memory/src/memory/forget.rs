//! Forgetting, for good.

use super::{Memory, warn};
use crate::{MemoryError, RecordId, RecordStore, Scope, TenantId, UserId};

impl Memory {
    /// Forgets a record for good, in the store and in every index of this process; `false` if there
    /// was none. No byte of its text is left in a SQLite file or its log.
    ///
    /// # Errors
    /// `ReadOnly`; `Unavailable`, after which forgetting again erases what may be left of its bytes.
    pub async fn forget(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError> {
        let forgotten = self.shared.store.delete(scope, id).await?;
        self.drop_from_indexes(scope).await?;
        Ok(forgotten)
    }

    /// Forgets every record of the scope; gives how many that were.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub async fn forget_all(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let forgotten = self.shared.store.delete_all(scope).await?;
        self.drop_from_indexes(scope).await?;
        Ok(forgotten)
    }

    /// Erases everything of the scope's user, in every session: records and what they were before,
    /// decisions and settings, and the names of forgotten turns too, so that a turn that is ingested
    /// again is kept. Gives how many records that were.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub async fn erase(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let erased = self.shared.store.erase(scope).await?;
        self.drop_from_indexes(scope).await?;
        if let Some(analytics) = &self.shared.analytics {
            analytics.forget(scope).await?;
        }
        Ok(erased)
    }

    /// The users of a tenant of whom anything is or was kept, ordered by id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn users(&self, tenant: &TenantId) -> Result<Vec<UserId>, MemoryError> {
        self.shared.store.users(tenant).await
    }

    /// How many bytes the words of all records of a tenant take. It looks at every record.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn bytes(&self, tenant: &TenantId) -> Result<u64, MemoryError> {
        self.shared.store.bytes(tenant).await
    }

    /// Indexes that hold something of the scope let go of what the store no longer has. One that
    /// holds nothing yet stays unbuilt.
    async fn drop_from_indexes(&self, scope: &Scope) -> Result<(), MemoryError> {
        let projector = &self.shared.projector;
        if projector.text.mark(scope).await? > 0 {
            projector.catch_up_text(scope).await?;
        }
        if let Some(meanings) = &projector.meanings
            && meanings.holds(scope).await?
            && let Err(error) = projector.catch_up_vectors(scope).await
        {
            // The deletion is in the log: a recall applies it before it searches by meaning again.
            warn(&error, "vectors lag behind");
        }
        Ok(())
    }
}
