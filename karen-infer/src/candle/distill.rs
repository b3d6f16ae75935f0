//! Making a static embedder of an encoder, as model2vec does (Tulkens and van Dongen 2024).
//!
//! Each token of the vocabulary is run through the encoder on its own, framed as a text is; the mean of
//! its states is reduced by PCA, and weighted by how rare the token is (SIF, Arora et al. 2017). The rows
//! are kept in 8 bits, each with a weight of its own, in the format of model2vec 0.6 and later.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Result as CandleResult, Tensor};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use tokenizers::Tokenizer;

use super::model::Model;
use super::principal::principal_components;
use super::tokens::Tokens;
use crate::folder::ModelFolder;
use crate::registry::{checked_folder, kind_of};
use crate::static_embedder::normalise;
use crate::{ModelError, ModelErrorKind, StaticEmbedder};

/// Tokens that are run at once.
const BATCH: usize = 256;
/// How much the frequent words count less.
const SIF: f64 = 1e-4;
/// What the table of 8 bits is compared by.
const PROBES: &[&str] = &[
    "My dog is called Biscuit.",
    "What is the name of my dog?",
    "The train to Lisbon leaves at a quarter past nine.",
    "She paid 42 euros for two tickets and a programme.",
    "Don't water the cactus more than once a month!",
    "A bank lends money; a bank of a river does not.",
    "for i in range(10): print(i)",
    "Please remind me to call the dentist tomorrow morning.",
];
/// Nearer than that the 8 bits must be to the 32.
const COSINE_MIN: f32 = 0.999;

/// Makes a static embedder of the encoder in `source` with vectors of `dim` numbers or as many as it
/// has, in the folder `target`; says of how many tokens, and how many are done. Gives the least cosine
/// between texts by its 8 bits and by 32.
///
/// # Errors
/// `Load` when the encoder does; `Damaged` when the result is no good likeness.
pub(crate) fn distill(
    source: &Path,
    target: &Path,
    dim: usize,
    threads: usize,
    tell: impl Fn(usize, usize),
) -> Result<f32, ModelError> {
    let folder = checked_folder(source)?;
    let model = Model::load(&folder, threads)?;
    let tokens = worth_a_row(model.tokenizer());
    let frame = model.frame()?;
    let states = states(&model, &tokens, &frame, |done| tell(done, tokens.len()))?;
    let rows = rows(states, dim).map_err(|e| internal().caused_by(e))?;
    let table = Quantised::of(&tokens, &rows, model.tokenizer().get_vocab_size(true));
    write(&table, &folder, target)?;
    let embedder = StaticEmbedder::open(target)?;
    let by_id: BTreeMap<u32, &[f32]> = tokens
        .iter()
        .copied()
        .zip(rows.iter().map(Vec::as_slice))
        .collect();
    let least = PROBES
        .iter()
        .map(|text| likeness(&embedder, &by_id, text))
        .fold(1.0, f32::min);
    if least >= COSINE_MIN {
        return Ok(least);
    }
    let why = format!("texts are {least} near to those of 32 bits, less than {COSINE_MIN}");
    let subject = folder.path.display().to_string();
    Err(ModelError::new(
        ModelErrorKind::Damaged(why),
        "distill",
        subject,
    ))
}

/// The tokens that texts have, by id: vocabularies are in the order of frequency.
fn worth_a_row(tokenizer: &Tokenizer) -> Vec<u32> {
    let added = tokenizer.get_added_tokens_decoder();
    let vocabulary = tokenizer.get_vocab(true);
    let mut tokens: Vec<u32> = vocabulary
        .into_iter()
        .filter(|(token, id)| !added.contains_key(id) && !token.starts_with("[unused"))
        .map(|(_, id)| id)
        .collect();
    tokens.sort_unstable();
    tokens
}

/// The mean state of each token between those that frame a text.
fn states(
    model: &Model,
    tokens: &[u32],
    (before, after): &(Vec<u32>, Vec<u32>),
    tell: impl Fn(usize),
) -> Result<Vec<Vec<f32>>, ModelError> {
    let framed = |&token: &u32| {
        let ids = [before, &[token][..], after].concat();
        let types = vec![0; ids.len()];
        Tokens { ids, types }
    };
    let mut states = Vec::with_capacity(tokens.len());
    for batch in tokens.chunks(BATCH) {
        let texts: Vec<Tokens> = batch.iter().map(framed).collect();
        states.extend(model.mean_states(&texts.iter().collect::<Vec<_>>())?);
        tell(states.len());
    }
    Ok(states)
}

/// The states in their principal directions, weighted.
fn rows(states: Vec<Vec<f32>>, dim: usize) -> CandleResult<Vec<Vec<f32>>> {
    let count = states.len();
    let hidden = states.first().map_or(0, Vec::len);
    let flat: Vec<f64> = states.into_iter().flatten().map(f64::from).collect();
    let states = Tensor::from_vec(flat, (count, hidden), &Device::Cpu)?;
    let centred = states.broadcast_sub(&states.mean_keepdim(0)?)?;
    let covariance = centred.t()?.matmul(&centred)?.to_vec2::<f64>()?;
    let directions = principal_components(covariance, dim.min(hidden));
    let kept = directions.len();
    let directions = Tensor::from_vec(directions.concat(), (kept, hidden), &Device::Cpu)?;
    let mut rows = centred.matmul(&directions.t()?)?.to_vec2::<f64>()?;
    // Zipf's law stands in for frequencies: the token of rank i has a probability of about 1/(i + 2).
    let all: f64 = (0..count).map(|rank| 1.0 / (rank as f64 + 2.0)).sum();
    for (rank, row) in rows.iter_mut().enumerate() {
        let probability = 1.0 / (rank as f64 + 2.0) / all;
        row.iter_mut().for_each(|x| *x *= SIF / (SIF + probability));
    }
    let narrow = |row: Vec<f64>| row.into_iter().map(|x| x as f32).collect();
    Ok(rows.into_iter().map(narrow).collect())
}

/// A table as its file has it: a row for every token, of zeros for those that are worth none.
struct Quantised {
    numbers: Vec<u8>,
    weights: Vec<f32>,
    dim: usize,
}

impl Quantised {
    fn of(tokens: &[u32], rows: &[Vec<f32>], count: usize) -> Self {
        let dim = rows.first().map_or(0, Vec::len);
        let mut table = Self {
            numbers: vec![0; count * dim],
            weights: vec![0.0; count],
            dim,
        };
        for (&token, row) in tokens.iter().zip(rows) {
            let token = token as usize;
            let largest = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
            if largest == 0.0 {
                continue;
            }
            let weight = largest / 127.0;
            table.weights[token] = weight;
            let places = &mut table.numbers[token * dim..(token + 1) * dim];
            for (place, x) in places.iter_mut().zip(row) {
                *place = ((x / weight).round() as i8).cast_unsigned();
            }
        }
        table
    }
}

/// Writes the folder anew.
fn write(table: &Quantised, source: &ModelFolder, target: &Path) -> Result<(), ModelError> {
    let failed = |e: std::io::Error| {
        let subject = target.display().to_string();
        ModelError::new(kind_of(&e), "write", subject).caused_by(e)
    };
    let weights: Vec<u8> = table.weights.iter().flat_map(|w| w.to_le_bytes()).collect();
    let count = table.weights.len();
    let view = |dtype, shape, data| TensorView::new(dtype, shape, data);
    let embeddings = view(Dtype::I8, vec![count, table.dim], table.numbers.as_slice());
    let weights = view(Dtype::F32, vec![count], weights.as_slice());
    let tensors = [
        (
            "embeddings",
            embeddings.map_err(|e| internal().caused_by(e))?,
        ),
        ("weights", weights.map_err(|e| internal().caused_by(e))?),
    ];
    let file = safetensors::serialize(tensors, None).map_err(|e| internal().caused_by(e))?;
    let config = json!({
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": table.dim,
        "apply_pca": table.dim,
        "sif_coefficient": SIF,
        "normalize": true,
    });
    fs::create_dir_all(target).map_err(failed)?;
    fs::write(target.join("model.safetensors"), file).map_err(failed)?;
    fs::write(target.join("config.json"), format!("{config:#}\n")).map_err(failed)?;
    let tokenizer = source.path.join("tokenizer.json");
    fs::copy(tokenizer, target.join("tokenizer.json")).map_err(failed)?;
    Ok(())
}

/// How near a text is by the table to what it is by rows of 32 bits; 1 where it has no known word.
fn likeness(embedder: &StaticEmbedder, rows: &BTreeMap<u32, &[f32]>, text: &str) -> f32 {
    let mut sum = vec![0.0; embedder.dim()];
    for row in embedder.rows(text).iter().filter_map(|id| rows.get(id)) {
        sum.iter_mut().zip(*row).for_each(|(sum, x)| *sum += x);
    }
    normalise(&mut sum);
    if sum.iter().all(|x| *x == 0.0) {
        return 1.0;
    }
    let packed = &embedder.embed(&[text])[0];
    packed.iter().zip(&sum).map(|(a, b)| a * b).sum()
}

fn internal() -> ModelError {
    ModelError::new(ModelErrorKind::Internal, "distill", "the model")
}
