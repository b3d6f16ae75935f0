//! The port that turns texts into vectors.

use async_trait::async_trait;

use crate::MemoryError;

/// Turns texts into vectors whose dot product says how alike they are.
///
/// # Contract
/// - Any text is accepted, the empty one too; one that says nothing gives zeros.
/// - Vectors have [`dim`](Self::dim) numbers and length 1, or are all zeros.
/// - Equal texts give equal vectors for as long as [`id`](Self::id) stays the same.
/// - A failure changes nothing: records stay, and are embedded at a later recall.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Names model and version: vectors of different ids cannot be compared.
    fn id(&self) -> &str;

    /// Numbers in a vector.
    fn dim(&self) -> usize;

    /// Embeds each text; row `i` of the result belongs to `texts[i]`.
    ///
    /// # Errors
    /// `Unavailable` may be retried.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError>;
}
