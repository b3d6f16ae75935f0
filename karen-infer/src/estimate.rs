//! What a GGUF model will take in memory, told from its header.
//!
//! Weights are mapped from the file and counted whole: a generation touches all of them. The cache
//! is what llama.cpp allocates for it, `cells * layers * kv_heads * (key + value)` numbers of 16 bits
//! (grouped-query attention has fewer heads than queries). The rest is what a step computes with, and
//! what the engine and the tokenizer take; both were measured (`karen-bench estimate`).

use serde::{Deserialize, Serialize};

/// The sizes that a model's memory depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GgufShape {
    /// Heads of keys and values of all layers together.
    pub(crate) kv_heads: u64,
    /// Numbers of a key and of a value.
    pub(crate) key_length: u64,
    pub(crate) value_length: u64,
    pub(crate) embedding: u64,
    pub(crate) feed_forward: u64,
    pub(crate) vocabulary: u64,
}

/// What a model takes in memory once it is loaded and answers, in bytes, as estimated before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryEstimate {
    /// The model's file or files.
    pub weights_bytes: u64,
    /// What it remembers of its answers.
    pub cache_bytes: u64,
    /// What a step computes with, the tokenizer and the engine.
    pub compute_bytes: u64,
}

/// Bytes of a number of the cache.
const CACHE_NUMBER_BYTES: u64 = 2;
/// Cells come in blocks of so many.
const CACHE_CELLS_BLOCK: u64 = 256;
/// What llama.cpp and the engine's thread take for any model. Measured.
const ENGINE_BYTES: u64 = 15 << 20;
/// A token's text, its place in two maps and its merge. Measured.
const TOKEN_BYTES: u64 = 290;

impl MemoryEstimate {
    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.weights_bytes
            .saturating_add(self.cache_bytes)
            .saturating_add(self.compute_bytes)
    }

    /// Of a model whose weights are all that is known.
    pub(crate) fn of_weights(weights_bytes: u64) -> Self {
        Self {
            weights_bytes,
            ..Self::default()
        }
    }
}

impl GgufShape {
    /// What a model of this shape takes with so many cells of cache and steps of so many tokens.
    pub(crate) fn estimate(&self, size_bytes: u64, cells: u64, step_tokens: u64) -> MemoryEstimate {
        let cells = cells.next_multiple_of(CACHE_CELLS_BLOCK);
        let numbers = self
            .kv_heads
            .saturating_mul(self.key_length + self.value_length);
        // A step holds a few rows of the widest layer for each of its tokens, and the logits of one.
        let widest = self.embedding.max(self.feed_forward);
        let step = step_tokens
            .saturating_mul(3 * widest + self.embedding)
            .saturating_mul(4);
        let logits = self.vocabulary.saturating_mul(8);
        let tokens = self.vocabulary.saturating_mul(TOKEN_BYTES);
        MemoryEstimate {
            weights_bytes: size_bytes,
            cache_bytes: cells
                .saturating_mul(numbers)
                .saturating_mul(CACHE_NUMBER_BYTES),
            compute_bytes: ENGINE_BYTES + step + logits + tokens,
        }
    }
}
