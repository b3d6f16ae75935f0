//! An encoder in memory, with its tokenizer.

use candle_core::{Device, Result as CandleResult, Tensor};
use rayon::ThreadPool;
use tokenizers::{EncodeInput, Tokenizer};
use tokio_util::sync::CancellationToken;

use super::batch::{self, Batch};
use super::encoder::Encoder;
use super::head::Score;
use super::tokens::{Tokens, Vocabulary};
use super::weights;
use crate::folder::{FolderConfig, Head, ModelFolder, Pooling};
use crate::{ModelError, ModelErrorKind};

pub(super) struct Model {
    vocabulary: Vocabulary,
    encoder: Encoder,
    output: Output,
    pad_token: u32,
    device: Device,
    /// Its own, as candle would take every core.
    threads: ThreadPool,
}

enum Output {
    Vector(Pooling),
    Score(Score),
}

impl Model {
    /// Loads a folder that was checked.
    pub(super) fn load(folder: &ModelFolder, threads: usize) -> Result<Self, ModelError> {
        let FolderConfig::Encoder { config, pooling } = &folder.config else {
            let why = "it writes text, and an encoder was wanted".to_owned();
            return Err(ModelError::new(
                ModelErrorKind::Unsupported(why),
                "load",
                "the model",
            ));
        };
        let vocabulary = Vocabulary::read(folder, config)?;
        let failed = |e: candle_core::Error| unfit(folder, &e);
        let device = device().map_err(failed)?;
        let weights = weights::read(folder, &device).map_err(failed)?;
        let output = match config.head {
            Head::Pooling => Output::Vector(*pooling),
            Head::Score => Output::Score(Score::new(config, &weights).map_err(failed)?),
        };
        Ok(Self {
            vocabulary,
            encoder: Encoder::new(config, &weights).map_err(failed)?,
            output,
            pad_token: config.pad_token,
            device,
            threads: pool(threads)?,
        })
    }

    /// Tokens of a text, with those that frame it.
    pub(super) fn count(&self, text: &str) -> Result<u32, ModelError> {
        let tokens = self.vocabulary.tokens(text)?;
        Ok(u32::try_from(tokens.ids.len()).unwrap_or(u32::MAX))
    }

    /// What cuts texts into tokens.
    pub(super) fn tokenizer(&self) -> &Tokenizer {
        self.vocabulary.tokenizer()
    }

    /// The tokens before a text, and those behind it.
    ///
    /// # Errors
    /// `Invalid` where the tokenizer cannot frame a text.
    pub(super) fn frame(&self) -> Result<(Vec<u32>, Vec<u32>), ModelError> {
        let mut before = self.vocabulary.tokens("")?.ids;
        let after = before.split_off(before.len().div_ceil(2));
        Ok((before, after))
    }

    /// The mean over the states of all tokens of each text, as they are; the texts are as long as one
    /// another.
    pub(super) fn mean_states(&self, texts: &[&Tokens]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.compute(texts, |batch| self.encoder.forward(batch)?.mean(1))
    }

    /// A row for each text.
    pub(super) fn embed(
        &self,
        texts: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.rows(texts.iter().map(String::as_str), cancel)
    }

    /// A score for each document, 0 to 1.
    pub(super) fn rerank(
        &self,
        query: &str,
        documents: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<f32>, ModelError> {
        let pairs = documents.iter().map(|document| (query, document.as_str()));
        let rows = self.rows(pairs, cancel)?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// What the model makes of each input, in their order.
    fn rows<'s, T>(
        &self,
        inputs: impl Iterator<Item = T>,
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<f32>>, ModelError>
    where
        T: Into<EncodeInput<'s>> + Send,
    {
        let inputs = inputs.map(|input| self.vocabulary.fitting(input));
        let inputs = inputs.collect::<Result<Vec<Tokens>, _>>()?;
        let lengths: Vec<usize> = inputs.iter().map(|tokens| tokens.ids.len()).collect();
        let (order, batches) = batch::plan(&lengths);
        let mut rows = vec![Vec::new(); inputs.len()];
        for places in batches.into_iter().map(|batch| &order[batch]) {
            if cancel.is_cancelled() {
                return Err(ModelError::new(
                    ModelErrorKind::Cancelled,
                    "ask",
                    "the model",
                ));
            }
            let texts: Vec<&Tokens> = places.iter().map(|&place| &inputs[place]).collect();
            for (&place, row) in places.iter().zip(self.batch(&texts)?) {
                rows[place] = row;
            }
        }
        Ok(rows)
    }

    fn batch(&self, texts: &[&Tokens]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.compute(texts, |batch| self.output(batch))
    }

    fn compute(
        &self,
        texts: &[&Tokens],
        rows_of: impl Fn(&Batch) -> CandleResult<Tensor> + Sync,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let computed = self.threads.install(|| {
            let batch = Batch::new(texts, self.pad_token, &self.device)?;
            rows_of(&batch)?.to_vec2()
        });
        let rows: Vec<Vec<f32>> = computed.map_err(|e| {
            ModelError::new(ModelErrorKind::Internal, "compute", "a batch").caused_by(e)
        })?;
        if rows.iter().flatten().all(|number| number.is_finite()) {
            return Ok(rows);
        }
        let why = "it computes numbers that are none: its weights are damaged".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Load(why),
            "ask",
            "the model",
        ))
    }

    /// `[texts, numbers]`
    fn output(&self, batch: &Batch) -> CandleResult<Tensor> {
        let states = self.encoder.forward(batch)?;
        match &self.output {
            Output::Vector(pooling) => pooling.forward(&states, batch),
            Output::Score(score) => score.forward(&states)?.unsqueeze(1),
        }
    }
}

/// Weights that are not what the folder says.
pub(super) fn unfit(folder: &ModelFolder, error: &impl std::fmt::Display) -> ModelError {
    let why = format!("its weights do not fit its config.json: {error}");
    let subject = folder.path.display().to_string();
    ModelError::new(ModelErrorKind::Load(why), "load", subject)
}

/// The first GPU of the kind that is built in, else the processor.
pub(super) fn device() -> CandleResult<Device> {
    if candle_core::utils::cuda_is_available() {
        Device::new_cuda(0)
    } else if candle_core::utils::metal_is_available() {
        Device::new_metal(0)
    } else {
        Ok(Device::Cpu)
    }
}

pub(super) fn pool(threads: usize) -> Result<ThreadPool, ModelError> {
    let built = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("karen-candle-{i}"))
        .build();
    built.map_err(|e| ModelError::new(ModelErrorKind::Unavailable, "start", "threads").caused_by(e))
}
