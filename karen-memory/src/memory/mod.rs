//! The handle that programs hold.

mod analyse;
mod carry;
mod consolidate;
mod forget;
mod gate;
mod health;
mod key;
mod recall;
mod reembed;
mod remember;
mod retain;
mod revise;

use std::path::PathBuf;
use std::sync::Arc;

use karen_sql::{Database, now_ms};

pub use consolidate::Consolidated;
pub use revise::Feedback;

use crate::analytics::{self, AnalyticsProjection};
use crate::backlog::{Backlog, Waiting};
use crate::novelty::{Boilerplate, Echoes};
use crate::projector::{Meanings, Place, Projector};
use crate::working::WriteThrough;
use crate::{
    AnalyticsStore, BytesPerToken, Embedder, MemoryError, Page, Record, RecordId, RecordPage,
    RecordStore, Scope, Servers, SqlRecordStore, Stats, Summarizer, TokenCounter,
};

/// Bytes of one record's text and caption at most, unless configured.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// How to open a [`Memory`].
#[derive(Clone)]
pub struct MemoryConfig {
    /// Where records are kept.
    pub database: Database,
    /// Where indexes are kept, so that the next process need not build them again; without one, in
    /// memory alone. Their files hold no words as they were written, and may be deleted while nobody
    /// has the memory open.
    pub indexes: Option<PathBuf>,
    /// Compares meanings; without one, words alone rank.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Embedders that this memory may have had before. The vectors of the one that it had go on answering until
    /// those of `embedder` are made: see [`Memory::reembed`].
    pub former_embedders: Vec<Arc<dyn Embedder>>,
    /// Proposes what records have in common; without one, consolidation picks the most typical.
    pub summarizer: Option<Arc<dyn Summarizer>>,
    /// Measures packs; without one, four bytes count as a token.
    pub tokens: Option<Arc<dyn TokenCounter>>,
    /// Bytes of one record's text and caption at most.
    pub text_bytes_max: usize,
    /// Texts of the program's own, such as its prompts: what they say is no fact to remember.
    pub boilerplate: Vec<String>,
    /// What is kept on servers instead of in this process, besides the records.
    pub servers: Servers,
    /// Where the rows are kept that [questions](Memory::ask) are asked about; without one there are none.
    pub analytics: Option<AnalyticsStore>,
}

impl MemoryConfig {
    /// Words alone, and a record of a mebibyte at most.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            indexes: None,
            embedder: None,
            former_embedders: Vec::new(),
            summarizer: None,
            tokens: None,
            text_bytes_max: TEXT_BYTES_MAX,
            boilerplate: Vec::new(),
            servers: Servers::default(),
            analytics: None,
        }
    }
}

/// A lasting memory; clones share it.
///
/// A write is on disk when it returns, and the next recall sees it. A call that is dropped half-way
/// has either happened or not.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<WriteThrough>,
    projector: Projector,
    analytics: Option<AnalyticsProjection>,
    summarizer: Option<Arc<dyn Summarizer>>,
    tokens: Arc<dyn TokenCounter>,
    text_bytes_max: usize,
    boilerplate: Boilerplate,
    echoes: Echoes,
}

impl Memory {
    /// Opens the memory in a database. Indexes are read, or built, a user at a time at the first
    /// recall. A server that does not answer yet, other than the database's, keeps nobody from opening:
    /// [`health`](Self::health) names it.
    ///
    /// # Errors
    /// `TooNew`, `ReadOnly`, `Full`, `Corrupt`, `Unavailable`; `Unsupported` for a server whose feature
    /// is off, `Invalid` for an address that is none.
    pub async fn open(config: MemoryConfig) -> Result<Self, MemoryError> {
        let servers = config.servers;
        let folder = config.indexes.as_deref();
        let truth = Arc::new(SqlRecordStore::open(config.database).await?);
        let working = servers.open_working()?;
        let text = servers.open_text(folder).await?;
        let meanings = match config.embedder {
            Some(embedder) => {
                let place = Place {
                    servers: servers.clone(),
                    folder: config.indexes.clone(),
                };
                let before = &config.former_embedders;
                Some(Meanings::open(&*truth, place, embedder, before).await?)
            }
            None => None,
        };
        let vectors = meanings.as_ref().map(|m| &m.current().index);
        let backlog = Arc::new(Backlog {
            text: Waiting::new(text.server().is_some()),
            vectors: Waiting::new(vectors.is_some_and(|v| v.server().is_some())),
            analytics: Waiting::new(config.analytics.is_some()),
        });
        let store = Arc::new(WriteThrough::new(truth, working, Arc::clone(&backlog)));
        let follow =
            |rows| AnalyticsProjection::new(Arc::clone(&store) as _, rows, Arc::clone(&backlog));
        let analytics = config
            .analytics
            .map(analytics::open)
            .transpose()?
            .map(follow);
        let shared = Shared {
            analytics,
            store: Arc::clone(&store),
            projector: Projector::new(store, text, meanings, backlog),
            summarizer: config.summarizer,
            tokens: config.tokens.unwrap_or_else(|| Arc::new(BytesPerToken)),
            text_bytes_max: config.text_bytes_max,
            boilerplate: Boilerplate::of(&config.boilerplate),
            echoes: Echoes::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// One record.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn get(&self, scope: &Scope, id: &RecordId) -> Result<Option<Record>, MemoryError> {
        let found = self
            .shared
            .store
            .get(scope, std::slice::from_ref(id))
            .await?;
        Ok(found.into_iter().next())
    }

    /// A page of the scope, newest first, as memory knew it at the time that the page asks about.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to [`Page::LIMIT_MAX`].
    pub async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError> {
        let when = page.when;
        let mut page = self.shared.store.list(scope, page).await?;
        self.as_seen(scope, &mut page.records, when).await?;
        Ok(page)
    }

    /// The newest records of the scope's session, the newest first: what was just said, without a
    /// look into the database while working memory knows it.
    ///
    /// # Errors
    /// `Invalid` for a scope without a session, or a limit outside 1 to 50.
    pub async fn recent(&self, scope: &Scope, limit: u32) -> Result<Vec<Record>, MemoryError> {
        self.shared.store.recent(scope, limit).await
    }

    /// How many records the scope has.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count(&self, scope: &Scope) -> Result<u64, MemoryError> {
        self.shared.store.count(scope).await
    }

    /// How many records of each sort the scope has.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn stats(&self, scope: &Scope) -> Result<Stats, MemoryError> {
        self.shared.store.stats(scope, now_ms()).await
    }

    /// Brings the scope's indexes up to date now, instead of at its next recall.
    ///
    /// # Errors
    /// `Unavailable`, a failing embedder's too.
    pub async fn flush(&self, scope: &Scope) -> Result<(), MemoryError> {
        self.shared.projector.catch_up_text(scope).await?;
        self.shared.projector.catch_up_vectors(scope).await
    }

    /// Keeps indexes as they are, where there is a folder for them, and gives their files up for the
    /// next to open it. Dropping the last handle does the same. How often was recalled is handed on to
    /// analytics.
    pub async fn close(&self) {
        self.count_recalls().await;
        self.shared.projector.text.close().await;
        if let Some(meanings) = &self.shared.projector.meanings {
            meanings.close().await;
        }
    }

    /// Drops every index; each user's is built again from the records at the next recall. So are the rows of
    /// analytics at the next question; how often was recalled is counted from then on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn rebuild(&self) -> Result<(), MemoryError> {
        self.shared.projector.rebuild().await?;
        match &self.shared.analytics {
            Some(analytics) => analytics.rebuild().await,
            None => Ok(()),
        }
    }
}

fn warn(error: &MemoryError, consequence: &'static str) {
    tracing::warn!(error = error as &dyn std::error::Error, "{consequence}");
}
