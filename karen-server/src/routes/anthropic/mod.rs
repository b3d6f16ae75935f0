//! The routes that Anthropic's own clients speak: no memory, no conversation, their shape of errors.

mod block;
mod choice;
mod content;
pub(crate) mod count_tokens;
mod error;
pub(crate) mod messages;
mod request;
mod stream;
mod usage;

pub(crate) use error::ErrorBody;

/// Whether a path belongs to Anthropic's clients, who expect their own shape of errors.
pub(crate) fn owns(path: &str) -> bool {
    path == "/v1/messages" || path.starts_with("/v1/messages/")
}
