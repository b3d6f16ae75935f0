//! What can go wrong when remembering or recalling.

use std::error::Error;

use karen_sql::{SqlError, SqlErrorKind};

/// A failed memory operation: callers branch on [`kind`](MemoryError::kind), people read the chain.
///
/// Neither the sentence nor the chain holds what was remembered.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {subject}: {}", kind.advice())]
pub struct MemoryError {
    kind: MemoryErrorKind,
    operation: &'static str,
    subject: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a caller can do about a [`MemoryError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemoryErrorKind {
    /// The request cannot be carried out as it stands.
    Invalid,
    /// It collides with what is there.
    Conflict,
    /// There is no such record in the scope.
    NotFound,
    /// The store or the embedder cannot be reached; may be retried.
    Unavailable,
    /// The disk is full; nothing was changed.
    Full,
    /// The database cannot be written.
    ReadOnly,
    /// Stored data is damaged.
    Corrupt,
    /// A newer version of the program wrote the database.
    TooNew,
    /// A text is longer than the configured limit.
    TooLarge,
    /// This build lacks what was asked for.
    Unsupported,
    /// A mistake of this crate's.
    Internal,
}

impl MemoryErrorKind {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable)
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Invalid => "it is not valid",
            Self::Conflict => "it collides with what is there",
            Self::NotFound => "it does not exist",
            Self::Unavailable => "what it needs does not answer; try again",
            Self::Full => "the disk is full; free some space",
            Self::ReadOnly => "the database cannot be written; check its permissions",
            Self::Corrupt => "stored data is damaged; restore a backup",
            Self::TooNew => "a newer version wrote it; upgrade this program",
            Self::TooLarge => "it is too long; send less at once",
            Self::Unsupported => "this build does not have that; see its features",
            Self::Internal => "this is a defect; please report it",
        }
    }
}

impl MemoryError {
    /// An error without a cause. `subject` names ids and sizes, never what was remembered.
    #[must_use]
    pub fn new(kind: MemoryErrorKind, operation: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            operation,
            subject: subject.into(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> MemoryErrorKind {
        self.kind
    }
}

impl From<SqlError> for MemoryError {
    fn from(error: SqlError) -> Self {
        let kind = match error.kind() {
            SqlErrorKind::Invalid => MemoryErrorKind::Invalid,
            SqlErrorKind::Full => MemoryErrorKind::Full,
            SqlErrorKind::ReadOnly => MemoryErrorKind::ReadOnly,
            SqlErrorKind::Corrupt => MemoryErrorKind::Corrupt,
            SqlErrorKind::TooNew => MemoryErrorKind::TooNew,
            SqlErrorKind::Busy | SqlErrorKind::Unavailable => MemoryErrorKind::Unavailable,
            _ => MemoryErrorKind::Internal,
        };
        Self::new(kind, "use", "the memory's database").caused_by(error)
    }
}
