//! Packing a model's numbers into fewer bits, and comparing what comes of it.
#![expect(unsafe_code, reason = "llama-cpp-2 wraps no quantisation")]

use std::ffi::CString;
use std::num::NonZeroU32;
use std::path::Path;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_sys_2::{llama_model_quantize, llama_model_quantize_default_params};

use super::backend::backend;
use super::engine::refused;
use crate::{ModelError, ModelErrorKind, Quantization};

/// What models are compared by: prose of the kind that most have read.
const PROBE: &str = "The lighthouse stood at the end of the long stone pier, and every evening the \
    keeper climbed its hundred and twelve steps to light the lamp. He had done so for thirty years, \
    in fog and in storm, and he knew each ship by the sound of its horn. When the railway came to the \
    town, fewer ships passed, and one winter a letter arrived from the capital: the lamp was to be put \
    out. The keeper read it twice, folded it, and put it under the clock. That night, as on all the \
    others, he climbed the stairs. It is not known who first wrote to the newspapers, but within a \
    month there were so many letters that the ministry changed its mind.";
/// Tokens of it that are read at most.
const PROBE_TOKENS_MAX: usize = 512;

/// Writes the model of `source` to `target` with its numbers packed as `to`, on so many threads. Takes
/// as long as reading and writing both, some seconds a gigabyte and thread; it cannot be stopped.
///
/// # Errors
/// `Load` when llama.cpp refuses it.
pub(crate) fn quantize(
    source: &Path,
    target: &Path,
    to: Quantization,
    threads: usize,
) -> Result<(), ModelError> {
    // For its log, which says why a model is refused.
    backend()?;
    let (from, into) = (c_path(source)?, c_path(target)?);
    // SAFETY: it gives plain data, by value.
    let mut params = unsafe { llama_model_quantize_default_params() };
    params.nthread = i32::try_from(threads).unwrap_or(1);
    params.ftype = to.ftype();
    params.allow_requantize = true;
    // SAFETY: both paths end with a zero and outlive the call, and the default parameters point to
    // nothing. What is thrown within is caught there (llama-quant.cpp, `llama_model_quantize`).
    let failed = unsafe { llama_model_quantize(from.as_ptr(), into.as_ptr(), &raw const params) };
    if failed == 0 {
        return Ok(());
    }
    let why = format!("llama.cpp cannot pack it as {to}; its reason is in the log");
    let subject = source.display().to_string();
    Err(ModelError::new(
        ModelErrorKind::Load(why),
        "quantize",
        subject,
    ))
}

/// How little the model of `path` expects [`PROBE`]: the exponential of its mean surprise.
///
/// # Errors
/// `Load` when it does not load, and when it computes numbers that are none.
pub(crate) fn perplexity(path: &Path, threads: usize) -> Result<f64, ModelError> {
    let loaded = LlamaModel::load_from_file(backend()?, path, &LlamaModelParams::default());
    let model = loaded.map_err(|e| refused(path).caused_by(e))?;
    let mut tokens = model.vocab().tokenize(PROBE.as_bytes(), true, false);
    tokens.truncate(PROBE_TOKENS_MAX.min(model.n_ctx_train() as usize));
    let (count, threads) = (tokens.len(), i32::try_from(threads).unwrap_or(1));
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(count as u32))
        .with_n_batch(count as u32)
        .with_n_ubatch(count as u32)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let failed = |e| refused(path).caused_by(e);
    let mut context = model.new_context(backend()?, params).map_err(failed)?;
    let mut batch = LlamaBatch::new(count.max(1), 1);
    for (place, &token) in (0..).zip(&tokens) {
        let added = batch.add(token, place, &[0], true);
        added.expect("the batch is as long as the text");
    }
    context
        .decode(&mut batch)
        .map_err(|e| refused(path).caused_by(e))?;
    let surprise = |(place, pair): (i32, &[_])| {
        let [_, next]: &[llama_cpp_2::token::LlamaToken; 2] = pair.try_into().expect("pairs");
        surprise(context.get_logits_ith(place), next.0)
    };
    let sum: f64 = (0..).zip(tokens.windows(2)).map(surprise).sum();
    let perplexity = (sum / count.saturating_sub(1).max(1) as f64).exp();
    if perplexity.is_finite() {
        return Ok(perplexity);
    }
    let why = "it computes numbers that are none".to_owned();
    let subject = path.display().to_string();
    Err(ModelError::new(
        ModelErrorKind::Load(why),
        "compare",
        subject,
    ))
}

/// The negative logarithm of the probability that the logits give a token.
fn surprise(logits: &[f32], token: i32) -> f64 {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let weights = logits.iter().map(|&logit| f64::from(logit - highest).exp());
    let own = usize::try_from(token).ok().and_then(|at| logits.get(at));
    let own = own.map_or(f64::NAN, |&logit| f64::from(logit - highest));
    weights.sum::<f64>().ln() - own
}

impl Quantization {
    /// Its `llama_ftype`, from llama.h.
    fn ftype(self) -> llama_cpp_sys_2::llama_ftype {
        match self {
            Self::Q8_0 => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q8_0,
            Self::Q6K => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q6_K,
            Self::Q5KM => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q5_K_M,
            Self::Q5KS => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q5_K_S,
            Self::Q5_0 => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q5_0,
            Self::Q4KM => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q4_K_M,
            Self::Q4KS => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q4_K_S,
            Self::Q4_0 => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q4_0,
            Self::Q3KM => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q3_K_M,
            Self::Q2K => llama_cpp_sys_2::LLAMA_FTYPE_MOSTLY_Q2_K,
        }
    }
}

fn c_path(path: &Path) -> Result<CString, ModelError> {
    let text = path.to_str().and_then(|text| CString::new(text).ok());
    text.ok_or_else(|| {
        let why = "llama.cpp takes paths in UTF-8 only".to_owned();
        let subject = path.display().to_string();
        ModelError::new(ModelErrorKind::Invalid(why), "quantize", subject)
    })
}
