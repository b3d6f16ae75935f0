//! Routes that OpenAI's own clients speak: no memory, no conversation, their shape of errors.

pub(crate) mod chat;
mod choice;
mod completion;
pub(crate) mod completions;
pub(crate) mod embeddings;
mod error;
mod format;
mod message;
pub(crate) mod models;
mod request;
pub(crate) mod responses;
mod stream;

pub(crate) use error::ErrorBody;
pub(super) use request::named;

/// Whether a path belongs to OpenAI's clients, who expect their own shape of errors.
pub(crate) fn owns(path: &str) -> bool {
    path.starts_with("/v1/")
}
