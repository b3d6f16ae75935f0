//! Indexes and embedders that break one promise each.

use async_trait::async_trait;

use crate::testing::HashedWords;
use crate::{
    Embedder, Filter, MemoryError, Place, RecordId, Scope, TenantId, TextChange, TextHit,
    TextIndex, UserId, VectorChange, VectorIndex, When,
};

/// A promise that an index breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    KeepsDeleted,
    SharesUsers,
    IgnoresFilters,
    IgnoresTags,
    BringsBackRetired,
    FiltersTooLate,
    WorstFirst,
    KeepsMarks,
    FollowsAnyLog,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::KeepsDeleted,
        Self::SharesUsers,
        Self::IgnoresFilters,
        Self::IgnoresTags,
        Self::BringsBackRetired,
        Self::FiltersTooLate,
        Self::WorstFirst,
        Self::KeepsMarks,
        Self::FollowsAnyLog,
    ];

    fn scope(self, scope: &Scope) -> Scope {
        match self {
            Self::SharesUsers => Scope::new(TenantId::new("all"), UserId::new("all")),
            _ => scope.clone(),
        }
    }

    fn filter(self, filter: &Filter) -> Filter {
        match self {
            Self::IgnoresFilters => Filter::default(),
            Self::IgnoresTags => Filter {
                tags: Vec::new(),
                ..filter.clone()
            },
            Self::BringsBackRetired => Filter {
                when: When::Ever,
                ..filter.clone()
            },
            _ => filter.clone(),
        }
    }

    /// Spoils an answer.
    fn spoil<T>(self, mut answer: Vec<T>, filter: &Filter) -> Vec<T> {
        match self {
            Self::WorstFirst => answer.reverse(),
            Self::FiltersTooLate if *filter != Filter::default() => answer.clear(),
            _ => {}
        }
        answer
    }
}

pub(super) struct BrokenIndex<I> {
    inner: I,
    fault: Fault,
}

impl<I> BrokenIndex<I> {
    pub(super) fn new(inner: I, fault: Fault) -> Self {
        Self { inner, fault }
    }
}

#[async_trait]
impl<I: TextIndex> TextIndex for BrokenIndex<I> {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        self.inner.mark(&self.fault.scope(scope)).await
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        match self.fault {
            Fault::FollowsAnyLog => Ok(()),
            _ => self.inner.confirm(&self.fault.scope(scope), marked).await,
        }
    }

    async fn apply(
        &self,
        scope: &Scope,
        mut changes: Vec<TextChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        if self.fault == Fault::KeepsDeleted {
            changes.retain(|change| !matches!(change, TextChange::Delete(_)));
        }
        let scope = self.fault.scope(scope);
        self.inner.apply(&scope, changes, mark).await
    }

    async fn search(
        &self,
        scope: &Scope,
        query: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError> {
        let (scope, admitting) = (self.fault.scope(scope), self.fault.filter(filter));
        let hits = self.inner.search(&scope, query, &admitting, limit).await?;
        Ok(self.fault.spoil(hits, filter))
    }

    async fn places(
        &self,
        scope: &Scope,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Place>>, MemoryError> {
        self.inner.places(&self.fault.scope(scope), ids).await
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        match self.fault {
            Fault::KeepsMarks => Ok(()),
            _ => self.inner.clear().await,
        }
    }
}

#[async_trait]
impl<I: VectorIndex> VectorIndex for BrokenIndex<I> {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        self.inner.mark(&self.fault.scope(scope)).await
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        match self.fault {
            Fault::FollowsAnyLog => Ok(()),
            _ => self.inner.confirm(&self.fault.scope(scope), marked).await,
        }
    }

    async fn apply(
        &self,
        scope: &Scope,
        mut changes: Vec<VectorChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        if self.fault == Fault::KeepsDeleted {
            changes.retain(|change| !matches!(change, VectorChange::Delete(_)));
        }
        let scope = self.fault.scope(scope);
        self.inner.apply(&scope, changes, mark).await
    }

    async fn search(
        &self,
        scope: &Scope,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        let (scope, admitting) = (self.fault.scope(scope), self.fault.filter(filter));
        let near = self.inner.search(&scope, vector, &admitting, limit).await?;
        Ok(self.fault.spoil(near, filter))
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        match self.fault {
            Fault::KeepsMarks => Ok(()),
            _ => self.inner.clear().await,
        }
    }
}

/// A promise that an embedder breaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum BrokenEmbedder {
    /// Rows of another length than 1.
    Unscaled,
    /// Rows in another order than the texts.
    Sorted,
    /// No row for a text that says nothing.
    SkipsEmpty,
    /// Numbers more or less than it says.
    Misshapen,
}

impl BrokenEmbedder {
    pub(super) const ALL: [Self; 4] = [
        Self::Unscaled,
        Self::Sorted,
        Self::SkipsEmpty,
        Self::Misshapen,
    ];
}

#[async_trait]
impl Embedder for BrokenEmbedder {
    fn id(&self) -> &str {
        "broken"
    }

    fn dim(&self) -> usize {
        HashedWords.dim()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        let mut rows = HashedWords.embed(texts).await?;
        match self {
            Self::Unscaled => rows.iter_mut().flatten().for_each(|v| *v *= 2.0),
            Self::Sorted => rows.sort_by(|a, b| b.partial_cmp(a).expect("numbers")),
            Self::SkipsEmpty => rows.retain(|row| row.iter().any(|v| *v != 0.0)),
            Self::Misshapen => rows.iter_mut().for_each(|row| row.push(0.0)),
        }
        Ok(rows)
    }
}
