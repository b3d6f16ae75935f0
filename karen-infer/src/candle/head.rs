//! What is made of a batch's last states: a vector, or a score.

use candle_core::{D, IndexOp, Result, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear};

use super::batch::Batch;
use crate::folder::{EncoderConfig, Family, Pooling};

impl Pooling {
    /// The vector of each text, L2-normalised: `[texts, hidden]`.
    pub(super) fn forward(self, states: &Tensor, batch: &Batch) -> Result<Tensor> {
        let pooled = match self {
            Self::First => states.i((.., 0))?,
            Self::Mean | Self::Max => self.each(states, batch)?,
        };
        let length = pooled.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
        // A text of zeros stays one, as in sentence-transformers.
        pooled.broadcast_div(&length.maximum(1e-12)?)
    }

    fn each(self, states: &Tensor, batch: &Batch) -> Result<Tensor> {
        let rows = batch.lengths.iter().enumerate().map(|(text, &tokens)| {
            let tokens = states.i((text, ..tokens))?;
            match self {
                Self::Max => tokens.max(0),
                _ => tokens.mean(0),
            }
        });
        Tensor::stack(&rows.collect::<Result<Vec<_>>>()?, 0)
    }
}

/// A classifier of one class, on a text's first token.
pub(super) struct Score {
    dense: Linear,
    family: Family,
    output: Linear,
}

impl Score {
    /// Takes the weights that stand beside the encoder's.
    pub(super) fn new(config: &EncoderConfig, weights: &VarBuilder) -> Result<Self> {
        let (dense, output) = match config.family {
            Family::Bert => ("bert.pooler.dense", "classifier"),
            Family::Roberta => ("classifier.dense", "classifier.out_proj"),
            Family::DistilBert => ("pre_classifier", "classifier"),
        };
        Ok(Self {
            dense: linear(config.hidden, config.hidden, weights.pp(dense))?,
            family: config.family,
            output: linear(config.hidden, 1, weights.pp(output))?,
        })
    }

    /// The score of each text, 0 to 1: `[texts]`.
    pub(super) fn forward(&self, states: &Tensor) -> Result<Tensor> {
        let dense = self.dense.forward(&states.i((.., 0))?.contiguous()?)?;
        let active = match self.family {
            Family::DistilBert => dense.relu()?,
            Family::Bert | Family::Roberta => dense.tanh()?,
        };
        candle_nn::ops::sigmoid(&self.output.forward(&active)?.squeeze(1)?)
    }
}
