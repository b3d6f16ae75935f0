//! Postings in this process, one segment a user.

use std::path::Path;

use async_trait::async_trait;

use super::segment::Segment;
use super::{Place, TextChange, TextHit, TextIndex};
use crate::segments::Segments;
use crate::{Filter, MemoryError, RecordId, Scope};

/// Ends with the last version that reads words, or writes segments, in another way.
const FORMAT: &str = "text 1";

/// Words of this process's users: in memory, and in a file a user if there is a folder for them.
#[derive(Debug, Default)]
pub struct InProcessTextIndex {
    segments: Segments<Segment>,
}

impl InProcessTextIndex {
    /// Kept in files of `folder`, which hold words as hashes. This process alone may write there.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            segments: Segments::in_folder(folder, "text", FORMAT),
        }
    }
}

#[async_trait]
impl TextIndex for InProcessTextIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        Ok(self.segments.mark(scope).await)
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        self.segments.confirm(scope, marked).await
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<TextChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        self.segments.apply(scope, changes, mark).await
    }

    async fn search(
        &self,
        scope: &Scope,
        query: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError> {
        let search = |segment: &Segment| segment.search(query, filter, limit);
        Ok(self.segments.look(scope, search).await)
    }

    async fn places(
        &self,
        scope: &Scope,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Place>>, MemoryError> {
        let places = |segment: &Segment| ids.iter().map(|id| segment.place(id)).collect();
        Ok(self.segments.look(scope, places).await)
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.segments.clear()
    }

    async fn close(&self) {
        self.segments.close();
    }
}
