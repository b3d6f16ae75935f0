//! The handle that programs hold.

use std::sync::Arc;

use karen_sql::Database;

use crate::pack::pack;
use crate::projector::Projector;
use crate::recall::{CANDIDATES_MAX, Similar, fuse, rank};
use crate::{
    BytesPerToken, Channel, Embedder, FlatIndex, InProcessTextIndex, MemoryError, MemoryErrorKind,
    NewRecord, Pack, Page, Query, Recall, Record, RecordId, RecordPage, RecordStore, Remembered,
    Scope, SqlRecordStore, TextIndex, TokenCounter, Turn, VectorIndex,
};

/// Bytes of one record's text and caption at most, unless configured.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Fused candidates whose records are read, at least: enough for the priors to reorder.
const SHORTLIST_MIN: usize = 200;

/// How to open a [`Memory`].
#[derive(Clone)]
pub struct MemoryConfig {
    /// Where records are kept.
    pub database: Database,
    /// Compares meanings; without one, words alone rank.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Measures packs; without one, four bytes count as a token.
    pub tokens: Option<Arc<dyn TokenCounter>>,
    /// Bytes of one record's text and caption at most.
    pub text_bytes_max: usize,
}

impl MemoryConfig {
    /// Words alone, and a record of a mebibyte at most.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            embedder: None,
            tokens: None,
            text_bytes_max: TEXT_BYTES_MAX,
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
    store: Arc<dyn RecordStore>,
    projector: Projector,
    tokens: Arc<dyn TokenCounter>,
    text_bytes_max: usize,
}

impl Memory {
    /// Opens the memory in a database. Indexes are built a user at a time, at the first recall.
    ///
    /// # Errors
    /// `TooNew`, `ReadOnly`, `Full`, `Corrupt`, `Unavailable`.
    pub async fn open(config: MemoryConfig) -> Result<Self, MemoryError> {
        let store: Arc<dyn RecordStore> = Arc::new(SqlRecordStore::open(config.database).await?);
        let text: Arc<dyn TextIndex> = Arc::new(InProcessTextIndex::default());
        let vectors: Arc<dyn VectorIndex> = Arc::new(FlatIndex::default());
        let shared = Shared {
            store: Arc::clone(&store),
            projector: Projector::new(store, text, vectors, config.embedder),
            tokens: config.tokens.unwrap_or_else(|| Arc::new(BytesPerToken)),
            text_bytes_max: config.text_bytes_max,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Keeps a record. The same words again are not kept twice.
    ///
    /// # Errors
    /// `Invalid` for a text of nothing but white space, `TooLarge`, `Full`, `ReadOnly`.
    pub async fn remember(
        &self,
        scope: &Scope,
        record: NewRecord,
    ) -> Result<Remembered, MemoryError> {
        let record = record.into_record(scope.session());
        self.check(&record)?;
        let remembered = self.shared.store.append(scope, vec![record]).await?;
        let one = remembered.into_iter().next();
        one.ok_or_else(|| MemoryError::new(MemoryErrorKind::Internal, "append", "a record"))
    }

    /// Keeps what was said, all or nothing; gives the records in the order of `turns`. A turn that
    /// was kept before gives its record; one that was forgotten stays so, and gives the id it had.
    ///
    /// # Errors
    /// As [`remember`](Self::remember), and `Invalid` for a turn of another session than the scope's.
    pub async fn ingest(
        &self,
        scope: &Scope,
        turns: Vec<Turn>,
    ) -> Result<Vec<RecordId>, MemoryError> {
        let records: Vec<Record> = turns.into_iter().map(Record::from).collect();
        for record in &records {
            self.check(record)?;
            if scope.session().is_some() && scope.session() != record.session.as_ref() {
                let subject = "a turn of another session than the scope's";
                return Err(MemoryError::new(
                    MemoryErrorKind::Invalid,
                    "ingest",
                    subject,
                ));
            }
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let remembered = self.shared.store.append(scope, records).await?;
        Ok(remembered.into_iter().map(|r| r.id).collect())
    }

    /// The records that matter most to a question; none when nothing is relevant: no word is shared
    /// with a record or its neighbours, and no meaning is alike.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`. A failing embedder is none: [`Recall::missing`] tells.
    pub async fn recall(&self, scope: &Scope, query: Query) -> Result<Recall, MemoryError> {
        let projector = &self.shared.projector;
        let filter = query.filter(scope);
        projector.catch_up_text(scope).await?;
        let text = query.text();
        let hits = projector
            .text
            .search(scope, text, &filter, CANDIDATES_MAX)
            .await?;
        let (similar, missing) = match self.similar(scope, &query).await {
            Ok(similar) => (similar, Vec::new()),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "recalling by words alone"
                );
                (None, vec![Channel::Dense])
            }
        };
        let mut candidates = fuse(hits, similar);
        candidates.truncate(query.items_max().saturating_mul(2).max(SHORTLIST_MIN));
        let ids: Vec<RecordId> = candidates.iter().map(|c| c.id.clone()).collect();
        let records = self.shared.store.get(scope, &ids).await?;
        let items = rank(&query, candidates, records);
        Ok(Recall { items, missing })
    }

    /// The records of a recall as lines of a prompt, `tokens_max` at most.
    #[must_use]
    pub fn pack(&self, recall: &Recall, tokens_max: u32) -> Pack {
        pack(recall, tokens_max, self.shared.tokens.as_ref())
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

    /// A page of the scope, newest first.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to [`Page::LIMIT_MAX`].
    pub async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError> {
        self.shared.store.list(scope, page).await
    }

    /// How many records the scope has.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count(&self, scope: &Scope) -> Result<u64, MemoryError> {
        self.shared.store.count(scope).await
    }

    /// Forgets a record for good, in the store and in every index of this process; `false` if there
    /// was none. No byte of its text is left in a SQLite file or its log.
    ///
    /// # Errors
    /// `ReadOnly`; `Unavailable`, after which forgetting again erases what may be left of its bytes.
    pub async fn forget(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError> {
        let forgotten = self.shared.store.delete(scope, id).await?;
        self.drop_from_indexes(scope).await?;
        Ok(forgotten)
    }

    /// Forgets every record of the scope; gives how many that were.
    ///
    /// # Errors
    /// As [`forget`](Self::forget).
    pub async fn forget_all(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let forgotten = self.shared.store.delete_all(scope).await?;
        self.drop_from_indexes(scope).await?;
        Ok(forgotten)
    }

    /// Brings the scope's indexes up to date now, instead of at its next recall.
    ///
    /// # Errors
    /// `Unavailable`, a failing embedder's too.
    pub async fn flush(&self, scope: &Scope) -> Result<(), MemoryError> {
        self.shared.projector.catch_up_text(scope).await?;
        self.shared.projector.catch_up_vectors(scope).await
    }

    /// Drops every index; each user's is built again from the records at the next recall.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn rebuild(&self) -> Result<(), MemoryError> {
        self.shared.projector.text.clear().await?;
        self.shared.projector.vectors.clear().await
    }

    async fn similar(
        &self,
        scope: &Scope,
        query: &Query,
    ) -> Result<Option<Vec<Similar>>, MemoryError> {
        let projector = &self.shared.projector;
        let Some(embedder) = &projector.embedder else {
            return Ok(None);
        };
        projector.catch_up_vectors(scope).await?;
        let vectors = embedder.embed(&[query.text().to_owned()]).await?;
        let vector = vectors.first().map_or(&[][..], Vec::as_slice);
        let filter = query.filter(scope);
        let found = projector
            .vectors
            .search(scope, vector, &filter, CANDIDATES_MAX)
            .await?;
        let (ids, cosines): (Vec<RecordId>, Vec<f32>) = found.into_iter().unzip();
        let places = projector.text.places(scope, &ids).await?;
        let similar = ids.into_iter().zip(cosines).zip(places);
        let similar = similar.map(|((id, cosine), place)| Similar { id, cosine, place });
        Ok(Some(similar.collect()))
    }

    /// Indexes that hold something of the scope let go of what the store no longer has. One that
    /// holds nothing yet stays unbuilt.
    async fn drop_from_indexes(&self, scope: &Scope) -> Result<(), MemoryError> {
        let projector = &self.shared.projector;
        if projector.text.mark(scope).await? > 0 {
            projector.catch_up_text(scope).await?;
        }
        if projector.vectors.mark(scope).await? > 0
            && let Err(error) = projector.catch_up_vectors(scope).await
        {
            // The deletion is in the log: a recall applies it before it searches by meaning again.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "vectors lag behind"
            );
        }
        Ok(())
    }

    fn check(&self, record: &Record) -> Result<(), MemoryError> {
        let bytes = record.text.len() + record.caption.as_ref().map_or(0, String::len);
        let refuse = |kind, subject: String| Err(MemoryError::new(kind, "remember", subject));
        if record.text.trim().is_empty() && record.caption.is_none() {
            return refuse(MemoryErrorKind::Invalid, "an empty text".to_owned());
        }
        if bytes > self.shared.text_bytes_max {
            let limit = self.shared.text_bytes_max;
            let subject = format!("a text of {bytes} bytes (the limit is {limit})");
            return refuse(MemoryErrorKind::TooLarge, subject);
        }
        Ok(())
    }
}
