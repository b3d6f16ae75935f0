//! What a person wants of memory, and the work that follows from it.

use karen_auth::Permission;
use karen_memory::{Cleanup, Consent, Consolidated, Retention};
use karen_sql::now_ms;

use super::Memories;
use crate::Result;

impl Memories {
    /// Whether anything may be remembered; of a conversation, whether what is said in it may.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn consent(&self) -> Result<Consent> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(memory.consent(&scope).await?)
    }

    /// Decides that from now on. A refusal for everything holds in every conversation.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn set_consent(&self, consent: Consent) -> Result<()> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        Ok(memory.set_consent(&scope, consent).await?)
    }

    /// How long memories are kept.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn retention(&self) -> Result<Retention> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(memory.retention(&scope).await?)
    }

    /// Decides that; [`clean_up`](Self::clean_up) acts on it.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn set_retention(&self, retention: Retention) -> Result<()> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        Ok(memory.set_retention(&scope, retention).await?)
    }

    /// Puts away what is kept no longer, and forgets for good what has been away for long enough.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn clean_up(&self) -> Result<Cleanup> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let done = memory.clean_up(&scope, now_ms()).await?;
        self.changed().await;
        Ok(done)
    }

    /// Adds what the notes since the last time have in common; the notes stay.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn consolidate(&self) -> Result<Consolidated> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        let done = memory.consolidate(&scope).await?;
        self.changed().await;
        Ok(done)
    }
}
