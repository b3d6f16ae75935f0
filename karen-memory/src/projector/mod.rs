//! Brings the indexes up to the log of the truth.
//!
//! Each index keeps its own mark, so that one whose embedder fails lags behind and loses nothing: the
//! next recall tries again from where it stands.

mod lease;
mod meanings;
mod vectors;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::RwLock;

pub use meanings::Reembedding;
pub(crate) use meanings::{Meanings, Place};

use crate::backlog::Backlog;
use crate::document::document;
use crate::{
    Change, Embedder, Facets, Filter, LogEntry, MemoryError, RecordId, RecordStore, Scope,
    TextChange, TextIndex, VectorIndex,
};
use lease::Leases;

/// Entries applied at once.
const BATCH: u32 = 512;

/// Applies one user's log at a time to the indexes.
pub(crate) struct Projector {
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) text: Arc<dyn TextIndex>,
    /// Without an embedder there are none.
    pub(crate) meanings: Option<Meanings>,
    pub(crate) backlog: Arc<Backlog>,
    leases: Leases,
    /// Held alone while indexes start again: what is applied then must not be half of a log.
    rebuild: RwLock<()>,
}

impl Projector {
    pub(crate) fn new(
        store: Arc<dyn RecordStore>,
        text: Arc<dyn TextIndex>,
        meanings: Option<Meanings>,
        backlog: Arc<Backlog>,
    ) -> Self {
        let leases = Leases::new("text", text.server().is_some());
        Self {
            store,
            text,
            meanings,
            backlog,
            leases,
            rebuild: RwLock::default(),
        }
    }

    pub(crate) fn embedder(&self) -> Option<&Arc<dyn Embedder>> {
        let meanings = self.meanings.as_ref()?;
        Some(&meanings.current().embedder)
    }

    /// The index of the vectors that the embedder in use makes.
    pub(crate) fn vectors(&self) -> Option<&Arc<dyn VectorIndex>> {
        let meanings = self.meanings.as_ref()?;
        Some(&meanings.current().index)
    }

    /// Applies to the text index what is in the log.
    pub(crate) async fn catch_up_text(&self, scope: &Scope) -> Result<(), MemoryError> {
        let begun = Instant::now();
        self.project_text(scope).await?;
        self.backlog.text.done(scope, begun);
        Ok(())
    }

    /// Embeds what is in the log and applies it to the vector index; without an embedder, nothing.
    pub(crate) async fn catch_up_vectors(&self, scope: &Scope) -> Result<(), MemoryError> {
        let Some(meanings) = &self.meanings else {
            return Ok(());
        };
        let begun = Instant::now();
        let _rebuild = self.rebuild.read().await;
        meanings.catch_up(&*self.store, scope).await?;
        self.backlog.vectors.done(scope, begun);
        Ok(())
    }

    /// The records nearest to a text by meaning, of everything that is in the log; `None` without an
    /// embedder.
    pub(crate) async fn nearest(
        &self,
        scope: &Scope,
        text: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Option<Vec<(RecordId, f32)>>, MemoryError> {
        let Some(meanings) = &self.meanings else {
            return Ok(None);
        };
        let begun = Instant::now();
        let _rebuild = self.rebuild.read().await;
        let store = &*self.store;
        let nearest = meanings.nearest(store, scope, text, filter, limit).await?;
        self.backlog.vectors.done(scope, begun);
        Ok(Some(nearest))
    }

    /// Brings the indexes on servers up to date for everybody who waits, whoever waits longest first.
    /// One whose server fails is left until the next time.
    pub(crate) async fn catch_up_waiting(&self) -> Result<(), MemoryError> {
        let text = async {
            for scope in self.backlog.text.scopes() {
                self.catch_up_text(&scope).await?;
            }
            Ok(())
        };
        let vectors = async {
            for scope in self.backlog.vectors.scopes() {
                self.catch_up_vectors(&scope).await?;
            }
            Ok(())
        };
        let (text, vectors) = tokio::join!(text, vectors);
        text.and(vectors)
    }

    /// Makes everybody's vectors anew where they are of another embedder.
    pub(crate) async fn reembed(&self) -> Result<(), MemoryError> {
        match &self.meanings {
            Some(meanings) => meanings.reembed(&*self.store, &self.rebuild).await,
            None => Ok(()),
        }
    }

    async fn project_text(&self, scope: &Scope) -> Result<(), MemoryError> {
        let _rebuild = self.rebuild.read().await;
        let mut lease = self.leases.take(&*self.store, scope).await?;
        let mut mark = self.text.mark(scope).await?;
        if !*lease.is_confirmed {
            let marked = logged(&*self.store, scope, mark).await?;
            self.text.confirm(scope, marked.as_ref()).await?;
            mark = self.text.mark(scope).await?;
            *lease.is_confirmed = true;
        }
        loop {
            let entries = self.store.log_after(scope, mark, BATCH).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            let is_end = entries.len() < BATCH as usize;
            mark = last.sequence;
            let changes = entries.into_iter().map(text_change).collect();
            self.text.apply(scope, changes, mark).await?;
            if is_end {
                return Ok(());
            }
        }
    }

    /// Drops every index; each user's is built again when it is needed.
    pub(crate) async fn rebuild(&self) -> Result<(), MemoryError> {
        let _alone = self.rebuild.write().await;
        self.text.clear().await?;
        match &self.meanings {
            Some(meanings) => meanings.clear().await,
            None => Ok(()),
        }
    }
}

/// The record that the log's entry at `sequence` is about.
async fn logged(
    store: &dyn RecordStore,
    scope: &Scope,
    sequence: i64,
) -> Result<Option<RecordId>, MemoryError> {
    if sequence == 0 {
        return Ok(None);
    }
    let entries = store.log_after(scope, sequence - 1, 1).await?;
    let at = entries.into_iter().find(|entry| entry.sequence == sequence);
    Ok(at.map(|entry| match entry.change {
        Change::Put(record) => record.id,
        Change::Delete(id) => id,
    }))
}

fn text_change(entry: LogEntry) -> TextChange {
    match entry.change {
        Change::Put(record) => TextChange::Put {
            facets: Facets::from(&record),
            at: record.at,
            text: document(&record),
            id: record.id,
        },
        Change::Delete(id) => TextChange::Delete(id),
    }
}
