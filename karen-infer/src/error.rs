//! What can go wrong with a model.

use std::error::Error;
use std::time::Duration;

type BoxError = Box<dyn Error + Send + Sync>;

/// A failed call of a model: callers branch on [`kind`](ModelError::kind), people read the chain.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {subject}: {}", kind.advice())]
pub struct ModelError {
    kind: ModelErrorKind,
    operation: &'static str,
    subject: String,
    #[source]
    source: Option<BoxError>,
}

/// What a caller can do about a [`ModelError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// There is no such model, or none at all.
    Missing,
    /// The model's file is there and cannot be loaded; the text says why.
    Load(String),
    /// The request cannot be carried out as it stands; the text says why.
    Invalid(String),
    /// Its memory would not fit beside that of the models that stay; nothing was loaded.
    Memory {
        /// Bytes that it would take, as estimated.
        needs_bytes: u64,
        /// Bytes that are left.
        free_bytes: u64,
    },
    /// Prompt and context, in tokens. Nothing was cut.
    PromptTooLong {
        /// Tokens of the prompt.
        prompt_tokens: u32,
        /// Tokens that the model takes.
        context_tokens: u32,
    },
    /// The name is taken.
    Conflict,
    /// The caller cancelled it.
    Cancelled,
    /// Too many requests wait for the model; may be retried.
    Busy,
    /// The registry's file, the engine or the provider does not answer; may be retried.
    Unavailable,
    /// The provider has been asked too often; may be retried after the wait, where it names one.
    RateLimited {
        /// How long the provider says to wait.
        wait: Option<Duration>,
    },
    /// What may be spent is spent, at the provider or in the caller's budget; the text says which.
    Quota(String),
    /// The provider knows no such key, or the key may not do this; the text says what to mend.
    Denied(String),
    /// Nothing came for longer than allowed; may be retried.
    Timeout,
    /// The answer broke off after it had begun: what was given is all there is of it.
    Interrupted,
    /// What the provider sent is not what its protocol says.
    Malformed,
    /// The registry's file is damaged.
    Corrupt,
    /// What came from a hub is not what it announced; the text says in what.
    Damaged(String),
    /// A newer version of the program wrote the registry.
    TooNew,
    /// The disk is full; nothing was changed.
    Full,
    /// The registry's folder cannot be written.
    ReadOnly,
    /// The model cannot do this.
    Unsupported(String),
    /// A mistake of this crate's.
    Internal,
}

impl ModelErrorKind {
    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Unavailable | Self::RateLimited { .. } | Self::Timeout
        )
    }

    /// Whether another model may succeed where this one failed.
    pub(crate) fn is_worth_another_model(&self) -> bool {
        !matches!(self, Self::Invalid(_) | Self::Cancelled)
    }

    fn advice(&self) -> String {
        match self {
            Self::Missing => "there is no such model; list the models, or add one".to_owned(),
            Self::Load(why)
            | Self::Invalid(why)
            | Self::Unsupported(why)
            | Self::Damaged(why)
            | Self::Quota(why)
            | Self::Denied(why) => why.clone(),
            Self::PromptTooLong {
                prompt_tokens,
                context_tokens,
            } => format!(
                "it has {prompt_tokens} tokens, and the model takes {context_tokens} with its answer"
            ),
            Self::Memory {
                needs_bytes,
                free_bytes,
            } => format!(
                "it takes {} MiB and {} MiB are free: unload or unpin another model, or raise models.memory_mib",
                needs_bytes.div_ceil(1 << 20),
                free_bytes >> 20
            ),
            Self::Conflict => "the name is taken; choose another, or remove that model".to_owned(),
            Self::Cancelled => "it was cancelled".to_owned(),
            Self::Busy => "too many requests wait for the model; try again".to_owned(),
            Self::Unavailable => "it does not answer; try again".to_owned(),
            Self::RateLimited { wait: Some(wait) } => format!(
                "it has been asked too often; try again in {:.0} s",
                wait.as_secs_f64().ceil()
            ),
            Self::RateLimited { wait: None } => {
                "it has been asked too often; try again later".to_owned()
            }
            Self::Timeout => "it took longer than allowed; try again".to_owned(),
            Self::Interrupted => "the answer broke off; ask again for the whole of it".to_owned(),
            Self::Malformed => "what it sent cannot be understood".to_owned(),
            Self::Corrupt => "it is damaged; mend it or move it away".to_owned(),
            Self::TooNew => "a newer version of Karen wrote it: upgrade this program".to_owned(),
            Self::Full => "the disk is full: free some space and try again".to_owned(),
            Self::ReadOnly => "it cannot be written: check its owner and permissions".to_owned(),
            Self::Internal => "this is a mistake of karen-infer's".to_owned(),
        }
    }
}

impl ModelError {
    /// An error of trying to `operation` the `subject`: names and sizes, never a user's text.
    #[must_use]
    pub fn new(kind: ModelErrorKind, operation: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            operation,
            subject: subject.into(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> &ModelErrorKind {
        &self.kind
    }
}
