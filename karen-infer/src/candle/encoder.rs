//! The transformer of BERT (Devlin et al. 2018), which RoBERTa and DistilBERT share.

use candle_core::{IndexOp, Result, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, Module, VarBuilder, embedding, layer_norm, linear};

use super::batch::Batch;
use super::weights::within;
use crate::folder::{Activation, EncoderConfig, Family};

/// Numbers of attention scores at once: 64 MiB. Longer texts ask in several parts.
const SCORES_MAX: usize = 16 << 20;

pub(super) struct Encoder {
    words: Embedding,
    positions: Tensor,
    first_position: usize,
    /// DistilBERT tells no two texts apart.
    token_types: Option<Embedding>,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    attention: Attention,
    attention_norm: LayerNorm,
    widen: Linear,
    activation: Activation,
    narrow: Linear,
    norm: LayerNorm,
}

struct Attention {
    /// Queries, keys and values in one multiplication.
    inputs: Linear,
    output: Linear,
    heads: usize,
    hidden: usize,
}

/// What the parts of a layer are called.
struct Names {
    layers: &'static str,
    inputs: [&'static str; 3],
    output: &'static str,
    attention_norm: &'static str,
    widen: &'static str,
    narrow: &'static str,
    norm: &'static str,
}

impl Names {
    fn of(family: Family) -> Self {
        match family {
            Family::Bert | Family::Roberta => Self {
                layers: "encoder.layer",
                inputs: [
                    "attention.self.query",
                    "attention.self.key",
                    "attention.self.value",
                ],
                output: "attention.output.dense",
                attention_norm: "attention.output.LayerNorm",
                widen: "intermediate.dense",
                narrow: "output.dense",
                norm: "output.LayerNorm",
            },
            Family::DistilBert => Self {
                layers: "transformer.layer",
                inputs: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
                output: "attention.out_lin",
                attention_norm: "sa_layer_norm",
                widen: "ffn.lin1",
                narrow: "ffn.lin2",
                norm: "output_layer_norm",
            },
        }
    }
}

impl Encoder {
    /// Takes its weights, which may be alone or within a larger model's.
    pub(super) fn new(config: &EncoderConfig, weights: &VarBuilder) -> Result<Self> {
        let words = "embeddings.word_embeddings.weight";
        let weights = within(weights, &["bert", "roberta", "distilbert"], words);
        let names = Names::of(config.family);
        let inner = weights.pp("embeddings");
        let (hidden, eps) = (config.hidden, config.layer_norm_eps);
        let positions = embedding(config.positions, hidden, inner.pp("position_embeddings"))?;
        let token_types = inner.pp("token_type_embeddings");
        let token_types = token_types
            .contains_tensor("weight")
            .then(|| embedding(config.token_types, hidden, token_types));
        let layers = weights.pp(names.layers);
        let layers = (0..config.layers).map(|i| Layer::new(config, &names, &layers.pp(i)));
        Ok(Self {
            words: embedding(config.vocabulary, hidden, inner.pp("word_embeddings"))?,
            positions: positions.embeddings().clone(),
            first_position: config.first_position,
            token_types: token_types.transpose()?,
            norm: layer_norm(hidden, eps, inner.pp("LayerNorm"))?,
            layers: layers.collect::<Result<_>>()?,
        })
    }

    /// The last states of a batch's tokens: `[texts, tokens, hidden]`.
    pub(super) fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let mut states = self.embed(batch)?;
        for layer in &self.layers {
            states = layer.forward(&states, batch.mask.as_ref())?;
        }
        Ok(states)
    }

    fn embed(&self, batch: &Batch) -> Result<Tensor> {
        let tokens = batch.ids.dim(1)?;
        let positions = self.positions.narrow(0, self.first_position, tokens)?;
        let words = self.words.forward(&batch.ids)?;
        let mut sum = words.broadcast_add(&positions)?;
        if let Some(token_types) = &self.token_types {
            sum = (sum + token_types.forward(&batch.types)?)?;
        }
        self.norm.forward(&sum)
    }
}

impl Layer {
    fn new(config: &EncoderConfig, names: &Names, weights: &VarBuilder) -> Result<Self> {
        let (hidden, wide, eps) = (config.hidden, config.intermediate, config.layer_norm_eps);
        Ok(Self {
            attention: Attention::new(config, names, weights)?,
            attention_norm: layer_norm(hidden, eps, weights.pp(names.attention_norm))?,
            widen: linear(hidden, wide, weights.pp(names.widen))?,
            activation: config.activation,
            narrow: linear(wide, hidden, weights.pp(names.narrow))?,
            norm: layer_norm(hidden, eps, weights.pp(names.norm))?,
        })
    }

    fn forward(&self, states: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let attended = self.attention.forward(states, mask)?;
        let states = self.attention_norm.forward(&(attended + states)?)?;
        let wide = self.widen.forward(&states)?;
        let wide = match self.activation {
            Activation::Gelu => wide.gelu_erf()?,
            Activation::GeluTanh => wide.gelu()?,
            Activation::Relu => wide.relu()?,
        };
        self.norm.forward(&(self.narrow.forward(&wide)? + states)?)
    }
}

impl Attention {
    fn new(config: &EncoderConfig, names: &Names, weights: &VarBuilder) -> Result<Self> {
        let hidden = config.hidden;
        let inputs = names
            .inputs
            .map(|name| linear(hidden, hidden, weights.pp(name)));
        let [query, key, value] = inputs;
        let inputs = [scaled(&query?, config)?, key?, value?];
        let matrices: Vec<&Tensor> = inputs.iter().map(Linear::weight).collect();
        let biases: Vec<&Tensor> = inputs.iter().filter_map(Linear::bias).collect();
        Ok(Self {
            inputs: Linear::new(Tensor::cat(&matrices, 0)?, Some(Tensor::cat(&biases, 0)?)),
            output: linear(hidden, hidden, weights.pp(names.output))?,
            heads: config.heads,
            hidden,
        })
    }

    fn forward(&self, states: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (texts, tokens, hidden) = states.dims3()?;
        let shape = (texts, tokens, 3, self.heads, self.hidden / self.heads);
        let inputs = self.inputs.forward(states)?.reshape(shape)?;
        // [3, texts, heads, tokens, width]
        let inputs = inputs.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let (queries, keys, values) = (inputs.i(0)?, inputs.i(1)?.t()?, inputs.i(2)?);
        let at_once = (SCORES_MAX / (texts * self.heads * tokens)).clamp(1, tokens);
        let mut parts = Vec::new();
        for start in (0..tokens).step_by(at_once) {
            let rows = queries.narrow(2, start, at_once.min(tokens - start))?;
            parts.push(attend(&rows, &keys, &values, mask)?);
        }
        let attended = match &parts[..] {
            [whole] => whole.clone(),
            parts => Tensor::cat(parts, 2)?,
        };
        let attended = attended.transpose(1, 2)?.reshape((texts, tokens, hidden))?;
        self.output.forward(&attended)
    }
}

/// Scores are divided by the square root of a head's width: done to the weights, once.
fn scaled(query: &Linear, config: &EncoderConfig) -> Result<Linear> {
    let scale = 1.0 / ((config.hidden / config.heads) as f64).sqrt();
    let bias = query.bias().map(|bias| bias * scale).transpose()?;
    Ok(Linear::new((query.weight() * scale)?, bias))
}

fn attend(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    let mut scores = queries.contiguous()?.matmul(keys)?;
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    let shares = candle_nn::ops::softmax_last_dim(&scores)?;
    shares.matmul(values)
}
