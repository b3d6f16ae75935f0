//! L5: the port that answers questions about all records at once.

#[cfg(feature = "duckdb")]
mod duckdb;
mod open;
mod projection;
mod report;
mod row;
mod tally;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

#[cfg(feature = "duckdb")]
pub use self::duckdb::{DuckDbFile, InProcessAnalytics, ParquetFolder};
pub use open::AnalyticsStore;
pub(crate) use open::open;
pub(crate) use projection::AnalyticsProjection;
pub use report::Report;
pub use row::{RecallCount, Row, RowChange};
pub(crate) use tally::Tally;

use crate::{MemoryError, RecordId, Scope, TenantId, UserId};

/// Answers questions in SQL about what is remembered, without a word of it.
///
/// Rows hold ids, kinds, lengths, times and counts; no text, caption, tag, speaker or metadata. They come
/// in batches from the log of the records, so an answer may lag behind. How often was recalled comes
/// from nowhere else and is kept here alone.
///
/// # Contract
/// - A question sees the rows of its scope's user, or with [`Breadth::Tenant`] of that user's tenant, and
///   nothing else: neither other rows nor files nor the network, whatever it says. It changes nothing.
/// - Applying a batch puts its rows, takes away those that were deleted, and moves the user's mark, all or
///   nothing. Applying the same again changes nothing.
/// - What is forgotten, or cleared, leaves no row, no count and a mark of 0.
/// - Calls may be made at the same time, but for one user by one caller only.
#[async_trait]
pub trait Analytics: Send + Sync {
    /// Whether other instances write to the same rows.
    fn is_shared(&self) -> bool;

    /// How far the log of each user has been applied, in their order.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn marks(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<Mark>, MemoryError>;

    /// Applies what changed, for one user each.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn apply(&self, batches: Vec<Batch>) -> Result<(), MemoryError>;

    /// Adds to how often was recalled.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn count(&self, recalls: Vec<RecallCount>) -> Result<(), MemoryError>;

    /// Answers a `SELECT` over the tables `memories` and `recalls`; [`Report::ALL`] shows some.
    ///
    /// # Errors
    /// `Invalid` for what is no such question, or takes more time or memory than one may.
    async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError>;

    /// Lets go of everything of the scope's user.
    ///
    /// # Errors
    /// `ReadOnly`, `Unavailable`.
    async fn forget(&self, scope: &Scope) -> Result<(), MemoryError>;

    /// Lets go of everything.
    ///
    /// # Errors
    /// `ReadOnly`, `Unavailable`.
    async fn clear(&self) -> Result<(), MemoryError>;
}

/// How far a user's log has been applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The sequence of the last entry; 0 for none.
    pub sequence: i64,
    /// Tells the record that it is about from others: a mark of another log is told by it.
    pub fingerprint: u64,
}

impl Mark {
    /// The mark of an entry about a record.
    #[must_use]
    pub fn new(sequence: i64, record: &RecordId) -> Self {
        let digest = Sha256::digest(record.as_str());
        let fingerprint = digest[..8].try_into().map(u64::from_be_bytes);
        Self {
            sequence,
            fingerprint: fingerprint.expect("eight bytes"),
        }
    }
}

/// What changed for one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Whose rows.
    pub scope: Scope,
    /// Each record once.
    pub changes: Vec<RowChange>,
    /// How far the log has been applied with them.
    pub mark: Mark,
}

/// Whose rows a question sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Breadth {
    /// Those of the scope's user.
    #[default]
    User,
    /// Those of everybody in the user's tenant.
    Tenant,
}

/// What a question is answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// A value for each column; times are RFC 3339, and what JSON has no form for is a string.
    pub rows: Vec<Vec<Value>>,
    /// Whether there are more rows than these, [`Answer::ROWS_MAX`].
    pub truncated: bool,
    /// Changes of records that the answer does not know of yet.
    pub behind: u64,
}

impl Answer {
    /// Rows of an answer at most.
    pub const ROWS_MAX: usize = 10_000;
}
