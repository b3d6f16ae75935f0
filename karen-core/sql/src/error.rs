//! What can go wrong between a store and its database.

use std::error::Error;

/// A failed database operation: callers branch on [`kind`](SqlError::kind), people read the chain.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {subject}")]
pub struct SqlError {
    kind: SqlErrorKind,
    operation: &'static str,
    subject: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a caller can do about a [`SqlError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The request cannot be carried out as it stands.
    Invalid,
    /// A uniqueness or foreign-key rule refuses the row.
    Conflict,
    /// The disk is full; nothing was changed.
    Full,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// Another writer held the database for too long; may be retried.
    Busy,
    /// The file is damaged or is no database.
    Corrupt,
    /// A newer version of the program wrote this database.
    TooNew,
    /// The database cannot be reached; may be retried.
    Unavailable,
    /// A mistake in a statement or in this crate.
    Internal,
}

impl SqlErrorKind {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable)
    }
}

impl SqlError {
    /// Classifies what `sqlx` reports while trying to `operation` the `subject`.
    #[must_use]
    pub fn of(operation: &'static str, subject: impl Into<String>, source: sqlx::Error) -> Self {
        Self {
            kind: classify(&source),
            operation,
            subject: subject.into(),
            source: Some(Box::new(source)),
        }
    }

    /// An error that this side found before the database was asked.
    #[must_use]
    pub fn new(kind: SqlErrorKind, operation: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            operation,
            subject: subject.into(),
            source: None,
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> SqlErrorKind {
        self.kind
    }
}

fn classify(error: &sqlx::Error) -> SqlErrorKind {
    match error {
        sqlx::Error::Database(database) => classify_code(&database.code().unwrap_or_default()),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
            SqlErrorKind::Unavailable
        }
        sqlx::Error::PoolTimedOut => SqlErrorKind::Busy,
        sqlx::Error::RowNotFound => SqlErrorKind::Invalid,
        _ => SqlErrorKind::Internal,
    }
}

/// Reads SQLite's result codes (numbers, the primary code in the low byte) and PostgreSQL's
/// SQLSTATE (five characters).
fn classify_code(code: &str) -> SqlErrorKind {
    if code.len() == 5 {
        return classify_sqlstate(code);
    }
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        5 | 6 => SqlErrorKind::Busy,      // SQLITE_BUSY, SQLITE_LOCKED
        8 => SqlErrorKind::ReadOnly,      // SQLITE_READONLY
        10 => SqlErrorKind::Unavailable,  // SQLITE_IOERR
        11 | 26 => SqlErrorKind::Corrupt, // SQLITE_CORRUPT, SQLITE_NOTADB
        13 => SqlErrorKind::Full,         // SQLITE_FULL
        14 => SqlErrorKind::ReadOnly,     // SQLITE_CANTOPEN: the folder is absent or closed to us
        19 => SqlErrorKind::Conflict,     // SQLITE_CONSTRAINT
        18 => SqlErrorKind::Invalid,      // SQLITE_TOOBIG
        _ => SqlErrorKind::Internal,
    }
}

/// Classes of SQLSTATE: PostgreSQL 15, appendix A.
fn classify_sqlstate(code: &str) -> SqlErrorKind {
    match (&code[..2], code) {
        ("23", _) => SqlErrorKind::Conflict,
        ("40", _) | (_, "55P03") => SqlErrorKind::Busy,
        ("08" | "57", _) => SqlErrorKind::Unavailable,
        (_, "53100") => SqlErrorKind::Full,
        (_, "25006") => SqlErrorKind::ReadOnly,
        ("22", _) => SqlErrorKind::Invalid,
        ("XX", _) => SqlErrorKind::Corrupt,
        _ => SqlErrorKind::Internal,
    }
}
