//! L4: the port that finds records by their words.

mod analysis;
mod bm25;
#[cfg(feature = "elasticsearch")]
mod elasticsearch;
mod in_process;
mod segment;
mod stop_words;

use async_trait::async_trait;

pub(crate) use analysis::words;
#[cfg(feature = "elasticsearch")]
pub use elasticsearch::{ElasticsearchConfig, ElasticsearchIndex};
pub use in_process::InProcessTextIndex;

use crate::{Facets, Filter, MemoryError, RecordId, Scope};

/// Neighbours on each side that count at each scale: the record itself, and the two middle ones.
const REACHES: [usize; 3] = [0, 1, 3];

/// Scores records by their words at four scales: the record, it and its neighbours in the session,
/// three to each side, the whole session.
///
/// # Contract
/// - It is a projection: [`mark`](Self::mark) says how much of the user's log it holds, and it may
///   lose everything and start again from 0. A session in the scope plays no part; filters do.
/// - Applying a batch is idempotent, and is seen by the next search whole.
/// - Words match by their English stem (Snowball), whatever their case; words that only bind others
///   match nothing.
/// - A record without a session is a session of its own.
/// - Filters decide which records are answers, not what the scores are made from.
/// - No word of a deleted record is held, or counts, when `apply` returns.
#[async_trait]
pub trait TextIndex: Send + Sync {
    /// The sequence up to which the user's log has been applied; 0 for nothing.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError>;

    /// Goes back to 0 for the scope's user unless the entry at the mark is about `marked`, the record
    /// that the log has there: an index that outlives its process may have followed another log, such
    /// as that of a database before it was restored.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError>;

    /// Applies changes in their order and moves the mark to `mark`.
    ///
    /// # Errors
    /// `Unavailable`; the mark has not moved then.
    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<TextChange>,
        mark: i64,
    ) -> Result<(), MemoryError>;

    /// Records that share a word with the query at any scale, those with the highest sum of scores
    /// first, `limit` at most; equal ones order by id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn search(
        &self,
        scope: &Scope,
        query: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError>;

    /// Where each record stands; `None` for one that the index does not hold.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn places(
        &self,
        scope: &Scope,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Place>>, MemoryError>;

    /// The server that keeps it, where instances share one: they must take turns in applying to it.
    fn server(&self) -> Option<&'static str> {
        None
    }

    /// Finds out whether the server answers.
    ///
    /// # Errors
    /// `Unavailable`, `Invalid` when it does not let us in.
    async fn ping(&self) -> Result<(), MemoryError> {
        Ok(())
    }

    /// Forgets everything, of every user: marks are 0 again.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn clear(&self) -> Result<(), MemoryError>;

    /// Keeps what is not kept yet, and gives up the files that only one process may have open. The
    /// index goes on in memory.
    async fn close(&self) {}
}

/// A record that shares words with a query.
#[derive(Clone, Debug, PartialEq)]
pub struct TextHit {
    /// The record.
    pub id: RecordId,
    /// BM25 of the record, of it and one neighbour on each side, of it and three on each side, and of
    /// its session; 0 where no word is shared.
    pub scores: [f32; 4],
    /// Stems of the query that are in the record itself, in the query's order.
    pub terms: Vec<String>,
}

/// Where a record stands: neighbours are in the same session at the next positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The session, under a name that no other session has, also where records have none.
    pub session: String,
    /// Counted from 0, in time and then by id.
    pub position: usize,
}

impl Place {
    /// The place right before it; `None` at the beginning.
    pub(crate) fn before(&self) -> Option<Self> {
        Some(Self {
            session: self.session.clone(),
            position: self.position.checked_sub(1)?,
        })
    }
}

/// A change of the words.
#[derive(Clone, Debug, PartialEq)]
pub enum TextChange {
    /// The record has these words.
    Put {
        /// The record.
        id: RecordId,
        /// What filters look at, and the session that neighbours are in.
        facets: Facets,
        /// Unix milliseconds; neighbours follow one another in time, then by id.
        at: i64,
        /// The words.
        text: String,
    },
    /// The record is gone.
    Delete(RecordId),
}

impl TextChange {
    pub(crate) fn id(&self) -> &RecordId {
        match self {
            Self::Put { id, .. } | Self::Delete(id) => id,
        }
    }
}
