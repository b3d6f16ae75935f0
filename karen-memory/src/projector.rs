//! Brings the indexes up to the log of the truth.
//!
//! Each index keeps its own mark, so that one whose embedder fails lags behind and loses nothing: the
//! next recall tries again from where it stands.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use tokio::sync::{Mutex, OwnedMutexGuard, RwLock};

use crate::backlog::Backlog;
use crate::document::document;
use crate::scope::Owner;
use crate::{
    Change, Embedder, Facets, LogEntry, MemoryError, MemoryErrorKind, ProjectorTurn, Record,
    RecordId, RecordStore, Scope, TextChange, TextIndex, VectorChange, VectorIndex,
};

/// Entries applied at once.
const BATCH: u32 = 512;

/// Applies one user's log at a time to the indexes.
pub(crate) struct Projector {
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) text: Arc<dyn TextIndex>,
    pub(crate) vectors: Arc<dyn VectorIndex>,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
    pub(crate) backlog: Arc<Backlog>,
    leases: std::sync::Mutex<HashMap<Owner, Arc<Mutex<Confirmed>>>>,
    /// Held alone while indexes start again: what is applied then must not be half of a log.
    rebuild: RwLock<()>,
}

/// Which indexes are known to follow the user's log.
#[derive(Default)]
pub(crate) struct Confirmed {
    text: bool,
    vectors: bool,
}

/// Given back in this order.
struct Lease {
    _everywhere: Option<ProjectorTurn>,
    here: OwnedMutexGuard<Confirmed>,
}

impl Projector {
    pub(crate) fn new(
        store: Arc<dyn RecordStore>,
        text: Arc<dyn TextIndex>,
        vectors: Arc<dyn VectorIndex>,
        embedder: Option<Arc<dyn Embedder>>,
        backlog: Arc<Backlog>,
    ) -> Self {
        Self {
            store,
            text,
            vectors,
            embedder,
            backlog,
            leases: std::sync::Mutex::default(),
            rebuild: RwLock::default(),
        }
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
        let Some(embedder) = &self.embedder else {
            return Ok(());
        };
        let begun = Instant::now();
        self.project_vectors(scope, embedder.as_ref()).await?;
        self.backlog.vectors.done(scope, begun);
        Ok(())
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

    async fn project_text(&self, scope: &Scope) -> Result<(), MemoryError> {
        let _rebuild = self.rebuild.read().await;
        let mut lease = self.lease(scope, self.text.server().is_some()).await?;
        let mut mark = self.text.mark(scope).await?;
        if !lease.here.text {
            let marked = self.logged(scope, mark).await?;
            self.text.confirm(scope, marked.as_ref()).await?;
            mark = self.text.mark(scope).await?;
            lease.here.text = true;
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

    async fn project_vectors(
        &self,
        scope: &Scope,
        embedder: &dyn Embedder,
    ) -> Result<(), MemoryError> {
        let _rebuild = self.rebuild.read().await;
        let mut lease = self.lease(scope, self.vectors.server().is_some()).await?;
        let mut mark = self.vectors.mark(scope).await?;
        if !lease.here.vectors {
            let marked = self.logged(scope, mark).await?;
            self.vectors.confirm(scope, marked.as_ref()).await?;
            mark = self.vectors.mark(scope).await?;
            lease.here.vectors = true;
        }
        loop {
            let entries = self.store.log_after(scope, mark, BATCH).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            let is_end = entries.len() < BATCH as usize;
            mark = last.sequence;
            let changes = vector_changes(entries, embedder).await?;
            self.vectors.apply(scope, changes, mark).await?;
            if is_end {
                return Ok(());
            }
        }
    }

    /// Drops every index; each user's is built again when it is needed.
    pub(crate) async fn rebuild(&self) -> Result<(), MemoryError> {
        let _alone = self.rebuild.write().await;
        self.text.clear().await?;
        self.vectors.clear().await
    }

    /// The record that the log's entry at `sequence` is about.
    async fn logged(&self, scope: &Scope, sequence: i64) -> Result<Option<RecordId>, MemoryError> {
        if sequence == 0 {
            return Ok(None);
        }
        let entries = self.store.log_after(scope, sequence - 1, 1).await?;
        let at = entries.into_iter().find(|entry| entry.sequence == sequence);
        Ok(at.map(|entry| match entry.change {
            Change::Put(record) => record.id,
            Change::Delete(id) => id,
        }))
    }

    /// Entries say what is true when they are read, so two readers who apply in another order than
    /// they read could bring a deleted record back: a user has one projector at a time, also among
    /// the instances that share an index.
    async fn lease(&self, scope: &Scope, is_shared: bool) -> Result<Lease, MemoryError> {
        let lease = {
            let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(leases.entry(scope.owner()).or_default())
        };
        let here = lease.lock_owned().await;
        let everywhere = match is_shared {
            true => Some(self.store.projector_turn(scope).await?),
            false => None,
        };
        Ok(Lease {
            _everywhere: everywhere,
            here,
        })
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
