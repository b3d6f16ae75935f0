//! Which embedders vectors were made with.

/// An embedder that vectors were made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEmbedder {
    /// [`Embedder::id`](crate::Embedder::id).
    pub id: String,
    /// Numbers in its vectors.
    pub dim: usize,
    /// Whether it made everybody's, or was the first: one embedder at most is so.
    pub is_settled: bool,
}
