//! Static embedders: a table of vectors, one a token, and one that is built in.
//!
//! A text is the mean of its tokens' rows, as in model2vec (Tulkens and van Dongen 2024; Arora et al.
//! 2017 for the weights). The built-in table is distilled from all-MiniLM-L6-v2: see `assets/NOTICE`. It
//! knows English best, takes microseconds a sentence, and is part of the program.

mod table;
mod words;

use std::fs;
use std::path::Path;

use ahash::AHashMap;
use safetensors::SafeTensors;
use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

use self::table::Table;
use self::words::Words;
use crate::{ModelError, ModelErrorKind};

static TABLE: &[u8] = include_bytes!("../../assets/static-minilm-256.safetensors");
static VOCABULARY: &str = include_str!("../../assets/static-minilm-256.vocab.txt");
const UNKNOWN: &str = "[UNK]";
/// The table of a model with a million tokens of a thousand numbers has less.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// Embeds texts without a network to run.
#[derive(Debug)]
pub struct StaticEmbedder {
    tokenizer: Tokenizer,
    /// The same cuts of plain texts, at a fraction of the time.
    words: Option<Words>,
    table: Table,
    /// The token of words that no pieces make up: it says nothing of them.
    unknown: Option<u32>,
}

impl StaticEmbedder {
    /// Names the built-in table: vectors of different ids cannot be compared.
    pub const ID: &'static str = "karen-static-minilm-256";
    /// Numbers in a vector of the built-in one.
    pub const DIM: usize = 256;

    /// Makes the embedder from the table in the program. Takes some ten milliseconds.
    ///
    /// # Errors
    /// `Internal` if the table was damaged in building.
    pub fn builtin() -> Result<Self, ModelError> {
        let file = SafeTensors::deserialize(TABLE).map_err(damaged)?;
        let (tokenizer, unknown) = tokenizer()?;
        let pieces = VOCABULARY.lines().map(str::to_owned).zip(0..);
        Ok(Self {
            words: Some(Words::new(pieces, unknown, Vec::new())),
            table: Table::builtin(&file, VOCABULARY.lines().count()).map_err(damaged)?,
            tokenizer,
            unknown: Some(unknown),
        })
    }

    /// Reads one that model2vec or [`Models::distill`](crate::Models::distill) wrote: a folder with
    /// `tokenizer.json` and `model.safetensors`.
    ///
    /// # Errors
    /// `Load` with what is absent, damaged or does not fit together.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let failed = |why: &str| {
            let kind = ModelErrorKind::Load(why.to_owned());
            ModelError::new(kind, "load", folder.display().to_string())
        };
        let absent = |e| failed("it lacks model.safetensors or tokenizer.json").caused_by(e);
        for file in ["model.safetensors", "tokenizer.json"] {
            if fs::metadata(folder.join(file)).map_err(absent)?.len() > FILE_BYTES_MAX {
                return Err(failed("one of its files is larger than any needs to be"));
            }
        }
        let read = Tokenizer::from_file(folder.join("tokenizer.json"));
        let mut tokenizer =
            read.map_err(|e| failed("its tokenizer.json is damaged; copy it again").caused_by(e))?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .expect("only a stride longer than the limit is refused");
        let ids = tokenizer.get_vocab(true).into_values();
        let tokens = ids.max().map_or(0, |id| id as usize + 1);
        let bytes = fs::read(folder.join("model.safetensors")).map_err(absent)?;
        let file = SafeTensors::deserialize(&bytes);
        let file = file
            .map_err(|e| failed("its model.safetensors is damaged; copy it again").caused_by(e))?;
        let table = Table::read(&file, tokens).map_err(|e| failed(&e.to_string()))?;
        Ok(Self {
            words: Words::of(&tokenizer),
            table,
            unknown: unknown(&tokenizer),
            tokenizer,
        })
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.table.dim()
    }

    /// Embeds each text; row `i` of the result belongs to `texts[i]`.
    ///
    /// Shape `[texts.len(), self.dim()]`, L2-normalised. A text without a known word gives zeros.
    #[must_use]
    pub fn embed(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        texts.iter().map(|text| self.embed_one(text)).collect()
    }

    /// The rows of the table that a text's words have.
    #[must_use]
    pub fn rows(&self, text: &str) -> Vec<u32> {
        let mut rows = Vec::new();
        self.each_row(text, |row| rows.push(row));
        rows
    }

    fn each_row(&self, text: &str, mut take: impl FnMut(u32)) {
        let mut known = |id: u32| {
            if Some(id) != self.unknown {
                take(id);
            }
        };
        let is_cut = self
            .words
            .as_ref()
            .is_some_and(|words| words.pieces(text, &mut known));
        // A text that its tokenizer cannot cut has no known word.
        if !is_cut && let Ok(encoding) = self.tokenizer.encode_fast(text, false) {
            encoding.get_ids().iter().for_each(|&id| known(id));
        }
    }

    fn embed_one(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.table.dim()];
        self.each_row(text, |row| self.table.add(row, &mut sum));
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

/// The token that stands for what a tokenizer does not know, where it has one.
fn unknown(tokenizer: &Tokenizer) -> Option<u32> {
    [UNKNOWN, "<unk>"]
        .iter()
        .find_map(|token| tokenizer.token_to_id(token))
}

pub(crate) fn normalise(vector: &mut [f32]) {
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
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
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
        let goldens = include_str!("../../../tests/model/embedder_goldens.json");
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

    #[test]
    fn plain_texts_are_cut_as_the_tokenizer_cuts_them() {
        let embedder = StaticEmbedder::builtin().expect("embedder");
        let words = embedder.words.as_ref().expect("it is uncased BERT's");
        let slow = |text: &str| {
            let encoding = embedder.tokenizer.encode_fast(text, false);
            encoding.expect("any text").get_ids().to_vec()
        };
        let mut random = StdRng::seed_from_u64(7);
        let vocabulary: Vec<&str> = VOCABULARY.lines().filter(|w| w.is_ascii()).collect();
        for _ in 0..2_000 {
            let pieces = (0..random.random_range(0..12)).map(|_| match random.random_range(0..4) {
                0 => char::from(random.random_range(0..128_u8)).to_string(),
                1 => " ".to_owned(),
                2 => "x".repeat(random.random_range(95..105)),
                _ => vocabulary[random.random_range(0..vocabulary.len())].to_uppercase(),
            });
            let text: String = pieces.collect();
            let mut fast = Vec::new();
            assert!(words.pieces(&text, |id| fast.push(id)));
            assert_eq!(fast, slow(&text), "{text:?}");
        }
        assert!(!words.pieces("Où", |_| {}), "accents are for the tokenizer");
    }
}
