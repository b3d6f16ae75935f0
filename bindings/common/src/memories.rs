//! What is remembered for one person, as a host calls it.

use karen_core::memory::{Cursor, Page};

use crate::{Failure, Memory, MemoryPage, Session};

impl Session {
    /// A page of memories, newest first; `after` is what the page before gave as `next`.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list_memories(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<MemoryPage, Failure> {
        let page = Page {
            after: after
                .map(Cursor::parse)
                .transpose()
                .map_err(karen_core::Error::from)?,
            limit,
            ..Page::default()
        };
        Ok(self.core()?.memories().list(page).await?.into())
    }

    /// One memory.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `NOT_FOUND`.
    pub async fn memory(&self, id: &str) -> Result<Memory, Failure> {
        Ok(self.core()?.memories().get(id).await?.into())
    }

    /// Forgets everything; gives how much that was.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn forget_all(&self) -> Result<u64, Failure> {
        Ok(self.core()?.memories().forget_all().await?)
    }
}
