//! What a GGUF model will take in memory, told from its header.
//!
//! Weights are mapped from the file and counted whole: a generation touches all of them. The cache
//! is what llama.cpp allocates for it, `cells * layers * kv_heads * (key + value)` numbers of as many
//! bits as the settings say (grouped-query attention has fewer heads than queries). The rest is what a
//! step computes with, and what the engine and the tokenizer take; both were measured
//! (`karen-bench estimate`).

use super::sequences::STEP_TOKENS;
use crate::estimate::GgufShape;
use crate::{CacheNumbers, MemoryEstimate};

/// Cells come in blocks of so many.
const CACHE_CELLS_BLOCK: u64 = 256;
/// What llama.cpp and the engine's thread take for any model. Measured.
const ENGINE_BYTES: u64 = 15 << 20;
/// A token's text, its place in two maps and its merge. Measured.
const TOKEN_BYTES: u64 = 290;

impl GgufShape {
    /// What a model of this shape takes with files of so many bytes and so many cells of cache.
    pub(crate) fn estimate(
        &self,
        size_bytes: u64,
        cells: u64,
        numbers_as: CacheNumbers,
    ) -> MemoryEstimate {
        let cells = cells.next_multiple_of(CACHE_CELLS_BLOCK);
        let numbers = self
            .kv_heads
            .saturating_mul(self.key_length + self.value_length);
        // A step holds a few rows of the widest layer for each of its tokens, and the logits of one.
        let widest = self.embedding.max(self.feed_forward);
        let step = (STEP_TOKENS as u64)
            .saturating_mul(3 * widest + self.embedding)
            .saturating_mul(4);
        let logits = self.vocabulary.saturating_mul(8);
        let tokens = self.vocabulary.saturating_mul(TOKEN_BYTES);
        MemoryEstimate {
            weights_bytes: size_bytes,
            cache_bytes: numbers_as.bytes_of(cells.saturating_mul(numbers)),
            compute_bytes: ENGINE_BYTES + step + logits + tokens,
        }
    }
}

impl CacheNumbers {
    /// Bytes of so many numbers: blocks of 32 with a scale, from ggml-common.h.
    fn bytes_of(self, numbers: u64) -> u64 {
        let block_bytes = match self {
            Self::F16 => 64,
            Self::Q8_0 => 34,
            Self::Q4_0 => 18,
        };
        numbers.div_ceil(32).saturating_mul(block_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_counted_in_the_bits_that_its_numbers_are_kept_in() {
        let shape = GgufShape {
            kv_heads: 4,
            key_length: 64,
            value_length: 64,
            ..GgufShape::default()
        };
        let cache = |numbers_as| shape.estimate(0, 1000, numbers_as).cache_bytes;
        // 1,024 cells in blocks of 256, of 512 numbers each.
        assert_eq!(cache(CacheNumbers::F16), 1024 * 512 * 2);
        assert_eq!(cache(CacheNumbers::Q8_0), 1024 * 512 * 34 / 32);
        assert_eq!(cache(CacheNumbers::Q4_0), 1024 * 512 * 18 / 32);
    }
}
