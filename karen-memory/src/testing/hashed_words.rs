//! An embedder without a model.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;

use crate::text::words;
use crate::{Embedder, MemoryError};

const DIM: usize = 256;

/// Counts words by their hash (Weinberger et al. 2009): texts are alike as far as their words are the
/// same. Says nothing of meaning; shows where vectors go.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashedWords;

#[async_trait]
impl Embedder for HashedWords {
    fn id(&self) -> &str {
        "hashed-words-1"
    }

    fn dim(&self) -> usize {
        DIM
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        Ok(texts.iter().map(|text| row(text)).collect())
    }
}

fn row(text: &str) -> Vec<f32> {
    let mut row = vec![0.0; DIM];
    for word in words(text) {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        row[(hasher.finish() % DIM as u64) as usize] += 1.0;
    }
    let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|v| *v /= length);
    }
    row
}
