//! The port that measures texts as a model does.

/// Counts the tokens of a text.
///
/// # Contract
/// The count of a text is the same each time, and 0 for the empty text alone.
pub trait TokenCounter: Send + Sync {
    /// Tokens in `text`.
    fn count(&self, text: &str) -> u32;
}

/// One token for every four bytes: what English costs in common vocabularies.
#[derive(Clone, Copy, Debug, Default)]
pub struct BytesPerToken;

const BYTES_PER_TOKEN: usize = 4;

impl TokenCounter for BytesPerToken {
    fn count(&self, text: &str) -> u32 {
        u32::try_from(text.len().div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
    }
}
