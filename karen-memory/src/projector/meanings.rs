//! Vectors of the embedder in use and, until everybody's are made, of the one before it.
//!
//! Each user is answered by the former embedder until little is left to do for the new one, and by that from
//! then on. Nothing is compared across the two: each has an index of its own. How far each user has come is the
//! mark of the new index, so that whoever is interrupted goes on from there.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::RwLock;

use super::vectors::Vectors;
use crate::scope::Owner;
use crate::{
    Embedder, Filter, KnownEmbedder, MemoryError, MemoryErrorKind, RecordId, RecordStore, Scope,
    Servers,
};

/// Entries that a recall embeds itself rather than be answered by the former embedder.
const LITTLE: i64 = 32;
/// Users that are read at once.
const PAGE: u32 = 256;

/// How far a change of the embedder has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reembedding {
    /// The embedder before; `None` if its vectors are of no use any more, because nobody has it.
    pub from: Option<String>,
    /// The embedder in use.
    pub to: String,
    /// Users whose vectors are of the embedder in use.
    pub users_done: u64,
}

pub(crate) struct Meanings {
    current: Vectors,
    /// Held while it answers, so that it does not go away meanwhile.
    former: RwLock<Option<Vectors>>,
    former_id: Option<String>,
    /// Those whom the current vectors answer.
    moved: Mutex<HashSet<Owner>>,
    users_done: AtomicU64,
    /// Whether no vectors of other embedders are left.
    is_settled: AtomicBool,
    place: Place,
}

/// Where vectors are kept.
pub(crate) struct Place {
    pub(crate) servers: Servers,
    pub(crate) folder: Option<PathBuf>,
}

impl Meanings {
    /// Finds out which embedder made the vectors that are there.
    pub(crate) async fn open(
        store: &dyn RecordStore,
        place: Place,
        embedder: Arc<dyn Embedder>,
        before: &[Arc<dyn Embedder>],
    ) -> Result<Self, MemoryError> {
        let known = store.embedders().await?;
        let settled = known.iter().find(|known| known.is_settled);
        if !known.iter().any(|known| known.id == embedder.id()) {
            let note = KnownEmbedder {
                id: embedder.id().to_owned(),
                dim: embedder.dim(),
                is_settled: settled.is_none(),
            };
            noted(store.note_embedder(&note).await)?;
        }
        let former = settled.filter(|settled| settled.id != embedder.id());
        let former = former.and_then(|former| before.iter().find(|one| one.id() == former.id));
        let is_settled = known.iter().all(|known| known.id == embedder.id());
        let current = place.open(embedder).await?;
        let former = match former {
            Some(former) => Some(place.open(Arc::clone(former)).await?),
            None => None,
        };
        Ok(Self {
            current,
            former_id: former.as_ref().map(|f| f.embedder.id().to_owned()),
            former: RwLock::new(former),
            moved: Mutex::default(),
            users_done: AtomicU64::new(0),
            is_settled: AtomicBool::new(is_settled),
            place,
        })
    }

    pub(crate) fn current(&self) -> &Vectors {
        &self.current
    }

    /// Embeds what is in the log, with the embedder that answers the user.
    pub(crate) async fn catch_up(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<(), MemoryError> {
        let former = self.former.read().await;
        let vectors = self.answering(former.as_ref(), store, scope).await?;
        vectors.catch_up(store, scope).await
    }

    /// The records nearest to a text, of everything that is in the log.
    pub(crate) async fn nearest(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
        text: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        let former = self.former.read().await;
        let vectors = self.answering(former.as_ref(), store, scope).await?;
        vectors.nearest(store, scope, text, filter, limit).await
    }

    /// Whether any vector of the user is there.
    pub(crate) async fn holds(&self, scope: &Scope) -> Result<bool, MemoryError> {
        let former = self.former.read().await;
        if let Some(former) = former.as_ref()
            && former.index.mark(scope).await? > 0
        {
            return Ok(true);
        }
        Ok(self.current.index.mark(scope).await? > 0)
    }

    /// Embeds what others have not, user by user, a batch at a time; then takes away the vectors of every
    /// other embedder.
    pub(crate) async fn reembed(
        &self,
        store: &dyn RecordStore,
        rebuild: &RwLock<()>,
    ) -> Result<(), MemoryError> {
        if self.is_settled.load(Ordering::Acquire) {
            return Ok(());
        }
        while self.pass(store, rebuild).await? {}
        // Waits for those whom the former embedder answers.
        drop(self.former.write().await.take());
        for other in store.embedders().await? {
            if other.id != self.current.embedder.id() {
                self.place.remove(&other).await?;
            }
        }
        store.settle_embedder(self.current.embedder.id()).await?;
        self.moved().clear();
        self.is_settled.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn reembedding(&self) -> Option<Reembedding> {
        let is_settled = self.is_settled.load(Ordering::Acquire);
        (!is_settled).then(|| Reembedding {
            from: self.former_id.clone(),
            to: self.current.embedder.id().to_owned(),
            users_done: self.users_done.load(Ordering::Relaxed),
        })
    }

    /// Drops all vectors.
    pub(crate) async fn clear(&self) -> Result<(), MemoryError> {
        if let Some(former) = self.former.read().await.as_ref() {
            former.index.clear().await?;
        }
        self.moved().clear();
        self.current.index.clear().await
    }

    pub(crate) async fn close(&self) {
        if let Some(former) = self.former.read().await.as_ref() {
            former.index.close().await;
        }
        self.current.index.close().await;
    }

    /// Goes through everybody; whether anybody had more than a batch to do, so that others may have as much by
    /// now.
    async fn pass(
        &self,
        store: &dyn RecordStore,
        rebuild: &RwLock<()>,
    ) -> Result<bool, MemoryError> {
        let (mut had_much, mut after) = (false, None);
        self.users_done.store(0, Ordering::Relaxed);
        loop {
            let users = store.everybody(after.as_ref(), PAGE).await?;
            for scope in &users {
                loop {
                    let _rebuild = rebuild.read().await;
                    if !self.current.catch_up_a_little(store, scope).await? {
                        break;
                    }
                    had_much = true;
                }
                self.moved().insert(scope.owner());
                self.users_done.fetch_add(1, Ordering::Relaxed);
            }
            let Some(last) = users.into_iter().next_back() else {
                return Ok(had_much);
            };
            after = Some(last);
        }
    }

    async fn answering<'a>(
        &'a self,
        former: Option<&'a Vectors>,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<&'a Vectors, MemoryError> {
        let Some(former) = former else {
            return Ok(&self.current);
        };
        if self.moved().contains(&scope.owner()) {
            return Ok(&self.current);
        }
        if self.current.lag(store, scope).await? > LITTLE {
            return Ok(former);
        }
        self.moved().insert(scope.owner());
        Ok(&self.current)
    }

    /// No code panics while it holds this lock.
    fn moved(&self) -> MutexGuard<'_, HashSet<Owner>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    async fn open(&self, embedder: Arc<dyn Embedder>) -> Result<Vectors, MemoryError> {
        let (folder, servers) = (self.folder.as_deref(), &self.servers);
        let index = servers.open_vectors(folder, embedder.as_ref()).await?;
        Ok(Vectors::new(embedder, index))
    }

    async fn remove(&self, embedder: &KnownEmbedder) -> Result<(), MemoryError> {
        let folder = self.folder.as_deref();
        self.servers.remove_vectors(folder, embedder).await
    }
}

/// What cannot be written now is written by a later process.
fn noted(note: Result<(), MemoryError>) -> Result<(), MemoryError> {
    match note {
        Err(error)
            if matches!(
                error.kind(),
                MemoryErrorKind::ReadOnly | MemoryErrorKind::Full
            ) =>
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the embedder in use is not noted");
            Ok(())
        }
        note => note,
    }
}
