//! Keeping for as long as somebody wants.

use super::Memory;
use crate::retention::Due;
use crate::{Cleanup, MemoryError, Page, RecordStore, Retention, Revision, Scope};

impl Memory {
    /// How long the user's records are kept.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn retention(&self, scope: &Scope) -> Result<Retention, MemoryError> {
        self.shared.store.retention(scope).await
    }

    /// Decides how long they are; [`clean_up`](Self::clean_up) acts on it.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    pub async fn set_retention(
        &self,
        scope: &Scope,
        retention: Retention,
    ) -> Result<(), MemoryError> {
        self.shared.store.set_retention(scope, retention).await
    }

    /// Puts away the records of the scope that are kept no longer at unix millisecond `now`, and
    /// forgets for good those whose grace period is over. Cleaning up again goes on where a crash
    /// ended it.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub async fn clean_up(&self, scope: &Scope, now: i64) -> Result<Cleanup, MemoryError> {
        let store = &self.shared.store;
        let retention = store.retention(scope).await?;
        let (mut done, mut after) = (Cleanup::default(), None);
        loop {
            let limit = Page::LIMIT_MAX;
            let page = store
                .list(
                    scope,
                    Page {
                        after,
                        limit,
                        ..Page::default()
                    },
                )
                .await?;
            for record in &page.records {
                match retention.due(record, now) {
                    Due::Keep => {}
                    Due::Archive => {
                        store
                            .revise(scope, &record.id, &Revision::Archive, now)
                            .await?;
                        done.archived += 1;
                    }
                    Due::Purge => done.purged += u64::from(self.forget(scope, &record.id).await?),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(done);
            }
        }
    }
}
