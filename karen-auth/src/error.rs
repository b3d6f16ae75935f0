//! What can go wrong when somebody wants in.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use karen_sql::{SqlError, SqlErrorKind};

/// A refusal or a failure: callers branch on [`kind`](AuthError::kind), people read the sentence.
///
/// Neither the sentence nor the chain holds a password, a token or an email.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}: {reason}")]
pub struct AuthError {
    kind: AuthErrorKind,
    operation: &'static str,
    reason: Cow<'static, str>,
    retry_after: Option<Duration>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What a caller can do about an [`AuthError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// Who is asking is not known: log in again.
    Unauthenticated,
    /// Who is asking may not do this.
    Denied,
    /// Who is asking must show their credentials once more:
    /// [`Auth::reauthenticate`](crate::Auth::reauthenticate).
    LoginNotRecent,
    /// The request cannot be carried out as it stands.
    Invalid,
    /// It collides with what exists.
    Conflict,
    /// It was changed since it was read.
    Stale,
    /// There is no such thing, or not for this principal.
    NotFound,
    /// Too many tries; [`AuthError::retry_after`] says when the next one counts.
    RateLimited,
    /// The tenant has used up what it may.
    Quota,
    /// Too many passwords are being checked at this moment; may be retried.
    Busy,
    /// A store cannot be reached; may be retried.
    Unavailable,
    /// The disk is full.
    Full,
    /// The database cannot be written.
    ReadOnly,
    /// Stored data is damaged.
    Corrupt,
    /// A newer version of the program wrote the database.
    TooNew,
    /// A mistake of this crate's.
    Internal,
}

impl AuthErrorKind {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Busy | Self::Unavailable)
    }
}

impl AuthError {
    /// An error without a cause: `cannot {operation}: {reason}`, where the reason says what to do.
    #[must_use]
    pub fn new(
        kind: AuthErrorKind,
        operation: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            operation,
            reason: reason.into(),
            retry_after: None,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says when the call may be tried again.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> AuthErrorKind {
        self.kind
    }

    /// How long to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<SqlError> for AuthError {
    fn from(error: SqlError) -> Self {
        let (kind, reason) = match error.kind() {
            SqlErrorKind::Conflict => (AuthErrorKind::Conflict, "it exists already"),
            SqlErrorKind::Invalid => (AuthErrorKind::Invalid, "the database refuses the value"),
            SqlErrorKind::Full => (AuthErrorKind::Full, "the disk is full: free some space"),
            SqlErrorKind::ReadOnly => (
                AuthErrorKind::ReadOnly,
                "the database cannot be written: check its owner and permissions",
            ),
            SqlErrorKind::Busy => (AuthErrorKind::Busy, "the database is busy: try again"),
            SqlErrorKind::Corrupt => (
                AuthErrorKind::Corrupt,
                "the database is damaged: restore a backup",
            ),
            SqlErrorKind::TooNew => (
                AuthErrorKind::TooNew,
                "a newer version wrote the database: upgrade this program",
            ),
            SqlErrorKind::Unavailable => (
                AuthErrorKind::Unavailable,
                "the database does not answer: try again",
            ),
            _ => (AuthErrorKind::Internal, "the database refused a statement"),
        };
        Self::new(kind, "use the account database", reason).caused_by(error)
    }
}
