//! The layers of a decoder, as candle has them for each family, with what they have read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use candle_core::{DType, Device, Error, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{gemma, gemma2, llama, mistral, phi3, qwen2, qwen3};
use serde::de::DeserializeOwned;

use crate::folder::{DecoderConfig, DecoderFamily};

pub(super) struct Network {
    layers: Layers,
    device: Device,
}

enum Layers {
    Llama {
        model: llama::Llama,
        empty: llama::Cache,
        cache: llama::Cache,
    },
    Mistral(mistral::Model),
    Qwen2(qwen2::ModelForCausalLM),
    Qwen3(qwen3::ModelForCausalLM),
    Phi3(phi3::Model),
    Gemma(gemma::Model),
    Gemma2(gemma2::Model),
}

impl Network {
    /// Takes its weights, for a context of so many tokens.
    ///
    /// # Errors
    /// When weights are missing or of another shape.
    pub(super) fn new(
        config: &DecoderConfig,
        context_tokens: u32,
        weights: VarBuilder<'_>,
    ) -> Result<Self> {
        let device = weights.device().clone();
        // Candle panics at some weights that are missing.
        let layers = catch_unwind(AssertUnwindSafe(|| {
            Layers::new(config, context_tokens, weights)
        }));
        let missing = |_| Error::msg("weights are missing, or of another shape");
        Ok(Self {
            layers: layers.map_err(missing)??,
            device,
        })
    }

    /// The logits after `tokens`, which follow `read` others.
    pub(super) fn forward(&mut self, tokens: &[u32], read: usize) -> Result<Vec<f32>> {
        let input = Tensor::new(tokens, &self.device)?.unsqueeze(0)?;
        let logits = match &mut self.layers {
            Layers::Llama { model, cache, .. } => model.forward(&input, read, cache),
            Layers::Mistral(model) => model.forward(&input, read),
            Layers::Qwen2(model) => model.forward(&input, read),
            Layers::Qwen3(model) => model.forward(&input, read),
            Layers::Phi3(model) => model.forward(&input, read),
            Layers::Gemma(model) => model.forward(&input, read),
            Layers::Gemma2(model) => model.forward(&input, read),
        };
        logits?.flatten_all()?.to_dtype(DType::F32)?.to_vec1()
    }

    /// Forgets all that was read.
    pub(super) fn clear(&mut self) {
        match &mut self.layers {
            Layers::Llama { empty, cache, .. } => *cache = empty.clone(),
            Layers::Mistral(model) => model.clear_kv_cache(),
            Layers::Qwen2(model) => model.clear_kv_cache(),
            Layers::Qwen3(model) => model.clear_kv_cache(),
            Layers::Phi3(model) => model.clear_kv_cache(),
            Layers::Gemma(model) => model.clear_kv_cache(),
            Layers::Gemma2(model) => model.clear_kv_cache(),
        }
    }
}

impl Layers {
    fn new(config: &DecoderConfig, context: u32, weights: VarBuilder<'_>) -> Result<Self> {
        Ok(match config.family {
            DecoderFamily::Llama => {
                let config: llama::LlamaConfig = fields(config, context)?;
                let config = config.into_config(false);
                let empty = llama::Cache::new(true, DType::F32, &config, weights.device())?;
                Self::Llama {
                    model: llama::Llama::load(weights, &config)?,
                    cache: empty.clone(),
                    empty,
                }
            }
            DecoderFamily::Mistral => {
                Self::Mistral(mistral::Model::new(&fields(config, context)?, weights)?)
            }
            DecoderFamily::Qwen2 => Self::Qwen2(qwen2::ModelForCausalLM::new(
                &fields(config, context)?,
                weights,
            )?),
            DecoderFamily::Qwen3 => Self::Qwen3(qwen3::ModelForCausalLM::new(
                &fields(config, context)?,
                weights,
            )?),
            DecoderFamily::Phi3 => {
                Self::Phi3(phi3::Model::new(&fields(config, context)?, weights)?)
            }
            DecoderFamily::Gemma => Self::Gemma(gemma::Model::new(
                false,
                &fields(config, context)?,
                weights,
            )?),
            DecoderFamily::Gemma2 => Self::Gemma2(gemma2::Model::new(
                false,
                &fields(config, context)?,
                weights,
            )?),
        })
    }
}

fn fields<T: DeserializeOwned>(config: &DecoderConfig, context_tokens: u32) -> Result<T> {
    config.fields(context_tokens).map_err(Error::wrap)
}
