//! Postings in this process, one segment a user.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use super::segment::Segment;
use super::{Place, TextChange, TextHit, TextIndex};
use crate::scope::Owner;
use crate::{Filter, MemoryError, RecordId, Scope};

/// Words of this process's users, in memory.
#[derive(Debug, Default)]
pub struct InProcessTextIndex {
    segments: RwLock<HashMap<Owner, Marked>>,
}

#[derive(Debug, Default)]
struct Marked {
    mark: i64,
    segment: Segment,
}

#[async_trait]
impl TextIndex for InProcessTextIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        Ok(segments.get(&scope.owner()).map_or(0, |s| s.mark))
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<TextChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        let mut segments = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let marked = segments.entry(scope.owner()).or_default();
        marked.segment.apply(changes);
        marked.mark = mark;
        Ok(())
    }

    async fn search(
        &self,
        scope: &Scope,
        query: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let marked = segments.get(&scope.owner());
        Ok(marked.map_or_else(Vec::new, |m| m.segment.search(query, filter, limit)))
    }

    async fn places(
        &self,
        scope: &Scope,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Place>>, MemoryError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let marked = segments.get(&scope.owner());
        let place = |id| marked.and_then(|m| m.segment.place(id));
        Ok(ids.iter().map(place).collect())
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        let mut segments = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        segments.clear();
        Ok(())
    }
}
