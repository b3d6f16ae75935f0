//! Brings the indexes up to the log of the truth.
//!
//! Each index keeps its own mark, so that one whose embedder fails lags behind and loses nothing: the
//! next recall tries again from where it stands.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::document::document;
use crate::scope::Owner;
use crate::{
    Change, Embedder, Facets, LogEntry, MemoryError, MemoryErrorKind, Record, RecordStore, Scope,
    TextChange, TextIndex, VectorChange, VectorIndex,
};

/// Entries applied at once.
const BATCH: u32 = 512;

/// Applies one user's log at a time to the indexes.
pub(crate) struct Projector {
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) text: Arc<dyn TextIndex>,
    pub(crate) vectors: Arc<dyn VectorIndex>,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
    leases: std::sync::Mutex<HashMap<Owner, Arc<Mutex<()>>>>,
}

impl Projector {
    pub(crate) fn new(
        store: Arc<dyn RecordStore>,
        text: Arc<dyn TextIndex>,
        vectors: Arc<dyn VectorIndex>,
        embedder: Option<Arc<dyn Embedder>>,
    ) -> Self {
        Self {
            store,
            text,
            vectors,
            embedder,
            leases: std::sync::Mutex::default(),
        }
    }

    /// Applies to the text index what is in the log.
    pub(crate) async fn catch_up_text(&self, scope: &Scope) -> Result<(), MemoryError> {
        let _lease = self.lease(scope).await;
        let mut mark = self.text.mark(scope).await?;
        loop {
            let entries = self.store.log_after(scope, mark, BATCH).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            mark = last.sequence;
            let changes = entries.into_iter().map(text_change).collect();
            self.text.apply(scope, changes, mark).await?;
        }
    }

    /// Embeds what is in the log and applies it to the vector index; without an embedder, nothing.
    pub(crate) async fn catch_up_vectors(&self, scope: &Scope) -> Result<(), MemoryError> {
        let Some(embedder) = &self.embedder else {
            return Ok(());
        };
        let _lease = self.lease(scope).await;
        let mut mark = self.vectors.mark(scope).await?;
        loop {
            let entries = self.store.log_after(scope, mark, BATCH).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            mark = last.sequence;
            let changes = vector_changes(entries, embedder.as_ref()).await?;
            self.vectors.apply(scope, changes, mark).await?;
        }
    }

    /// Entries say what is true when they are read, so two readers who apply in another order than
    /// they read could bring a deleted record back: a user has one projector at a time.
    async fn lease(&self, scope: &Scope) -> OwnedMutexGuard<()> {
        let lease = {
            let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(leases.entry(scope.owner()).or_default())
        };
        lease.lock_owned().await
    }
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

async fn vector_changes(
    entries: Vec<LogEntry>,
    embedder: &dyn Embedder,
) -> Result<Vec<VectorChange>, MemoryError> {
    let put = |entry: &LogEntry| match &entry.change {
        Change::Put(record) => Some(meaning(record)),
        Change::Delete(_) => None,
    };
    let texts: Vec<String> = entries.iter().filter_map(put).collect();
    let vectors = embedder.embed(&texts).await?;
    if vectors.len() != texts.len() {
        let subject = format!("{} texts as {} vectors", texts.len(), vectors.len());
        return Err(MemoryError::new(
            MemoryErrorKind::Internal,
            "embed",
            subject,
        ));
    }
    let mut vectors = vectors.into_iter();
    let change = |entry: LogEntry| match entry.change {
        Change::Put(record) => Some(VectorChange::Put {
            facets: Facets::from(&record),
            id: record.id,
            vector: vectors.next()?,
        }),
        Change::Delete(id) => Some(VectorChange::Delete(id)),
    };
    Ok(entries.into_iter().filter_map(change).collect())
}

/// What is embedded: who said what. Dates say nothing of a meaning.
fn meaning(record: &Record) -> String {
    let caption = record.caption.as_deref().unwrap_or_default();
    format!("{}: {} {caption}", record.speaker, record.text)
}
