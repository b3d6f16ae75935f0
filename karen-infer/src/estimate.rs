//! What a model will take in memory, told before it is loaded.

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

impl MemoryEstimate {
    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.weights_bytes
            .saturating_add(self.cache_bytes)
            .saturating_add(self.compute_bytes)
    }

    /// Of a model that candle reads as numbers of 32 bits, whatever its files hold; `None` where it is
    /// not known how many there are.
    pub(crate) fn of_parameters(parameters: u64) -> Option<Self> {
        let weights_bytes = parameters.saturating_mul(4);
        (parameters > 0).then(|| Self::of_weights(weights_bytes))
    }

    /// Of a model whose weights are all that is known.
    pub(crate) fn of_weights(weights_bytes: u64) -> Self {
        Self {
            weights_bytes,
            ..Self::default()
        }
    }
}
