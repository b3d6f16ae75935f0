//! The one error of Karen: a stable code, a sentence for people, the cause.

use std::error::Error as StdError;
use std::time::Duration;

use karen_auth::{AuthError, AuthErrorKind};
use karen_infer::{ModelError, ModelErrorKind};
use karen_memory::{MemoryError, MemoryErrorKind};
use karen_sql::{SqlError, SqlErrorKind};

use crate::turn::TurnFailure;

/// What went wrong: programs branch on [`code`](Error::code), people read the message and the chain.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    code: Code,
    message: String,
    retry_after: Option<Duration>,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Karen's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// A stable name for a kind of failure; the same string in every language and over HTTP.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable string.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The thing does not exist, or not for this principal.
    NotFound => "NOT_FOUND",
    /// Who is asking is not known.
    Unauthenticated => "UNAUTHENTICATED",
    /// Who is asking may not do this.
    Forbidden => "FORBIDDEN",
    /// Who is asking must show their credentials once more.
    LoginNotRecent => "LOGIN_NOT_RECENT",
    /// The request cannot be carried out as it stands.
    InvalidArgument => "INVALID_ARGUMENT",
    /// It collides with what exists or with what is going on.
    Conflict => "CONFLICT",
    /// No such model, or none configured.
    ModelMissing => "MODEL_MISSING",
    /// The model's file cannot be loaded.
    ModelLoad => "MODEL_LOAD",
    /// The caller cancelled it.
    Cancelled => "CANCELLED",
    /// It took longer than allowed.
    Timeout => "TIMEOUT",
    /// A budget is used up.
    Quota => "QUOTA",
    /// Too many requests in too short a time.
    RateLimited => "RATE_LIMITED",
    /// A plugin or tool failed.
    PluginFailed => "PLUGIN_FAILED",
    /// Something it needs cannot be reached; may be retried.
    Unavailable => "UNAVAILABLE",
    /// The disk is full.
    StorageFull => "STORAGE_FULL",
    /// The data folder cannot be written.
    ReadOnly => "READ_ONLY",
    /// Another process owns the data folder.
    Locked => "LOCKED",
    /// A newer version wrote the data folder.
    TooNew => "TOO_NEW",
    /// Larger than a stated limit.
    TooLarge => "TOO_LARGE",
    /// Stored data is damaged.
    Corrupt => "CORRUPT",
    /// Not in this build, or not possible here.
    Unsupported => "UNSUPPORTED",
    /// A mistake of Karen's.
    Internal => "INTERNAL",
}

impl Code {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Timeout | Self::RateLimited | Self::Unavailable)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// An error without a cause below it. The message says what to do next where that is known.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says when the call may be tried again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// How long to wait before trying again, where that is known.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        let (code, message) = match error.kind() {
            SqlErrorKind::Conflict => (Code::Conflict, "it exists already"),
            SqlErrorKind::Invalid => (Code::InvalidArgument, "the database refuses the value"),
            SqlErrorKind::Full => (
                Code::StorageFull,
                "the disk is full: free some space and try again; nothing was changed",
            ),
            SqlErrorKind::ReadOnly => (
                Code::ReadOnly,
                "the data folder cannot be written: check its owner and permissions",
            ),
            SqlErrorKind::Corrupt => (
                Code::Corrupt,
                "the database is damaged: restore a backup, or move karen.db away to start anew",
            ),
            SqlErrorKind::TooNew => (
                Code::TooNew,
                "the data folder was written by a newer version of Karen: upgrade this program",
            ),
            SqlErrorKind::Busy | SqlErrorKind::Unavailable => {
                (Code::Unavailable, "the database does not answer: try again")
            }
            _ => (
                Code::Internal,
                "the database refused a statement of Karen's",
            ),
        };
        Self::new(code, message).caused_by(error)
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        let code = match error.kind() {
            AuthErrorKind::Unauthenticated => Code::Unauthenticated,
            AuthErrorKind::Denied => Code::Forbidden,
            AuthErrorKind::LoginNotRecent => Code::LoginNotRecent,
            AuthErrorKind::Invalid => Code::InvalidArgument,
            AuthErrorKind::Conflict | AuthErrorKind::Stale => Code::Conflict,
            AuthErrorKind::NotFound => Code::NotFound,
            AuthErrorKind::RateLimited => Code::RateLimited,
            AuthErrorKind::Quota => Code::Quota,
            AuthErrorKind::Busy | AuthErrorKind::Unavailable => Code::Unavailable,
            AuthErrorKind::Full => Code::StorageFull,
            AuthErrorKind::ReadOnly => Code::ReadOnly,
            AuthErrorKind::Corrupt => Code::Corrupt,
            AuthErrorKind::TooNew => Code::TooNew,
            _ => Code::Internal,
        };
        let wait = error.retry_after();
        let mut mapped = Self::new(code, error.to_string()).caused_by(error);
        mapped.retry_after = wait;
        mapped
    }
}

impl From<MemoryError> for Error {
    fn from(error: MemoryError) -> Self {
        let code = match error.kind() {
            MemoryErrorKind::Invalid => Code::InvalidArgument,
            MemoryErrorKind::Conflict => Code::Conflict,
            MemoryErrorKind::NotFound => Code::NotFound,
            MemoryErrorKind::Unavailable => Code::Unavailable,
            MemoryErrorKind::Full => Code::StorageFull,
            MemoryErrorKind::ReadOnly => Code::ReadOnly,
            MemoryErrorKind::Corrupt => Code::Corrupt,
            MemoryErrorKind::TooNew => Code::TooNew,
            MemoryErrorKind::TooLarge => Code::TooLarge,
            MemoryErrorKind::Unsupported => Code::Unsupported,
            _ => Code::Internal,
        };
        Self::new(code, error.to_string()).caused_by(error)
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        let wait = match error.kind() {
            ModelErrorKind::RateLimited { wait } => *wait,
            _ => None,
        };
        let code = match error.kind() {
            ModelErrorKind::Missing => Code::ModelMissing,
            ModelErrorKind::Load(_) | ModelErrorKind::Memory { .. } => Code::ModelLoad,
            ModelErrorKind::Corrupt | ModelErrorKind::Damaged(_) => Code::Corrupt,
            ModelErrorKind::TooNew => Code::TooNew,
            ModelErrorKind::Full => Code::StorageFull,
            ModelErrorKind::ReadOnly => Code::ReadOnly,
            ModelErrorKind::Invalid(_) => Code::InvalidArgument,
            ModelErrorKind::PromptTooLong { .. } => Code::TooLarge,
            ModelErrorKind::Conflict => Code::Conflict,
            ModelErrorKind::Cancelled => Code::Cancelled,
            ModelErrorKind::RateLimited { .. } => Code::RateLimited,
            ModelErrorKind::Quota(_) => Code::Quota,
            ModelErrorKind::Denied(_) => Code::Forbidden,
            ModelErrorKind::Timeout => Code::Timeout,
            ModelErrorKind::Busy
            | ModelErrorKind::Unavailable
            | ModelErrorKind::Interrupted
            | ModelErrorKind::Malformed => Code::Unavailable,
            ModelErrorKind::Unsupported(_) => Code::Unsupported,
            _ => Code::Internal,
        };
        let mut mapped = Self::new(code, error.to_string()).caused_by(error);
        mapped.retry_after = wait;
        mapped
    }
}

impl From<&Error> for TurnFailure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code.to_string(),
            message: error.message.clone(),
        }
    }
}

impl From<TurnFailure> for Error {
    fn from(failure: TurnFailure) -> Self {
        let code = Code::ALL.iter().find(|code| code.as_str() == failure.code);
        Self::new(code.copied().unwrap_or(Code::Internal), failure.message)
    }
}
