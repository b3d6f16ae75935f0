//! The built-in embedder: a table of vectors, one a word piece.
//!
//! Distilled from all-MiniLM-L6-v2 as model2vec does (Tulkens and van Dongen 2024; Arora et al. 2017
//! for the weights): see `assets/NOTICE`. It knows English best, takes microseconds a sentence, and is
//! part of the program.

use ahash::AHashMap;
use safetensors::{Dtype, SafeTensors};
use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

use crate::{ModelError, ModelErrorKind};

static TABLE: &[u8] = include_bytes!("../assets/static-minilm-256.safetensors");
static VOCABULARY: &str = include_str!("../assets/static-minilm-256.vocab.txt");
const UNKNOWN: &str = "[UNK]";

/// Embeds short texts without a model to load.
#[derive(Debug)]
pub struct StaticEmbedder {
    tokenizer: Tokenizer,
    table: SafeTensors<'static>,
    unknown: u32,
}

impl StaticEmbedder {
    /// Names the table: vectors of different ids cannot be compared.
    pub const ID: &'static str = "karen-static-minilm-256";
    /// Numbers in a vector.
    pub const DIM: usize = 256;

    /// Makes the embedder from the table in the program. Takes some ten milliseconds.
    ///
    /// # Errors
    /// `Internal` if the table was damaged in building.
    pub fn builtin() -> Result<Self, ModelError> {
        let table = SafeTensors::deserialize(TABLE).map_err(damaged)?;
        let rows = table.tensor("embedding").map_err(damaged)?;
        let (tokenizer, unknown) = tokenizer()?;
        if rows.dtype() != Dtype::I8 || rows.shape() != [VOCABULARY.lines().count(), Self::DIM] {
            return Err(damaged("the table does not match its vocabulary"));
        }
        Ok(Self {
            tokenizer,
            table,
            unknown,
        })
    }

    /// Embeds each text; row `i` of the result belongs to `texts[i]`.
    ///
    /// Shape `[texts.len(), 256]`, L2-normalised. A text without a known word gives zeros.
    #[must_use]
    pub fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        texts.iter().map(|text| self.embed_one(text)).collect()
    }

    /// The rows of the table that a text's words have.
    #[must_use]
    pub fn rows(&self, text: &str) -> Vec<u32> {
        // WordPiece splits any text, and the only failure is a vocabulary without its unknown token.
        let encoding = self.tokenizer.encode_fast(text, false);
        let ids = encoding
            .map(|encoding| encoding.get_ids().to_vec())
            .unwrap_or_default();
        ids.into_iter().filter(|&id| id != self.unknown).collect()
    }

    fn embed_one(&self, text: &str) -> Vec<f32> {
        let embedding = self
            .table
            .tensor("embedding")
            .expect("checked by the constructor");
        let scale = self
            .table
            .tensor("scale")
            .expect("checked by the constructor");
        let mut sum = vec![0.0_f32; Self::DIM];
        for row in self.rows(text) {
            let row = row as usize;
            let scale = scale_at(scale.data(), row);
            let values = &embedding.data()[row * Self::DIM..][..Self::DIM];
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += f32::from(i8::from_le_bytes([*value])) * scale;
            }
        }
        normalise(&mut sum);
        sum
    }
}

fn tokenizer() -> Result<(Tokenizer, u32), ModelError> {
    let rows = VOCABULARY.lines().zip(0_u32..);
    let vocabulary: AHashMap<String, u32> =
        rows.map(|(token, row)| (token.to_owned(), row)).collect();
    let model = WordPiece::builder()
        .vocab(vocabulary)
        .unk_token(UNKNOWN.to_owned())
        .build()
        .map_err(damaged)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer
        .with_normalizer(Some(BertNormalizer::new(true, true, Some(true), true)))
        .map_err(damaged)?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    let unknown = tokenizer
        .token_to_id(UNKNOWN)
        .ok_or_else(|| damaged("no unknown token"))?;
    Ok((tokenizer, unknown))
}

fn scale_at(scales: &[u8], row: usize) -> f32 {
    let bytes = scales[row * 4..][..4].try_into().expect("four bytes");
    f32::from_le_bytes(bytes)
}

fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

fn damaged(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ModelError {
    ModelError::new(ModelErrorKind::Internal, "read", "the built-in embedder").caused_by(source)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        text: String,
        rows: Vec<u32>,
        vector: Vec<f32>,
    }

    #[test]
    fn texts_embed_as_the_teachers_tokenizer_and_numpy_say() {
        let goldens = include_str!("../../tests/model/embedder_goldens.json");
        let goldens: Vec<Golden> = serde_json::from_str(goldens).expect("goldens");
        let embedder = StaticEmbedder::builtin().expect("embedder");
        for golden in goldens {
            assert_eq!(
                embedder.rows(&golden.text),
                golden.rows,
                "{:?}",
                golden.text
            );
            let vector = &embedder.embed(&[&golden.text])[0];
            let far = vector
                .iter()
                .zip(&golden.vector)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(far < 1e-4, "{:?} is {far} away", golden.text);
        }
    }

    #[test]
    fn a_question_is_nearer_to_its_answer_than_to_another_fact() {
        let embedder = StaticEmbedder::builtin().expect("embedder");
        let texts = [
            "Which pet do I have?",
            "I own a small dog.",
            "The train leaves at noon.",
        ];
        let vectors = embedder.embed(&texts);
        let cosine = |a: usize, b: usize| {
            vectors[a]
                .iter()
                .zip(&vectors[b])
                .map(|(x, y)| x * y)
                .sum::<f32>()
        };
        assert!(cosine(0, 1) > cosine(0, 2) + 0.1);
    }
}
