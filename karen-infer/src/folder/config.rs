//! `config.json`: what a model is made of.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::decoder::{DecoderConfig, DecoderFamily};
use super::{FolderError, Pooling, json};

const FILE: &str = "config.json";
/// What static embedders are called.
pub(crate) const STATIC: &str = "model2vec";
/// The largest encoders have a few thousand; a damaged number is noticed by it.
const WIDTH: RangeInclusive<u64> = 1..=65_536;
const LAYERS: RangeInclusive<u64> = 1..=512;
const HEADS: RangeInclusive<u64> = 1..=1024;
const VOCABULARY: RangeInclusive<u64> = 1..=4_000_000;
const POSITIONS: RangeInclusive<u64> = 1..=1_048_576;
const TOKEN_TYPES: RangeInclusive<u64> = 1..=1024;
/// BERT's own, and DistilBERT's, which does not write it down.
const LAYER_NORM_EPS: f64 = 1e-12;

/// What a folder's model is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FolderConfig {
    Encoder {
        config: EncoderConfig,
        pooling: Pooling,
    },
    Decoder(DecoderConfig),
    /// A table of vectors, as model2vec writes it.
    Static,
}

/// An encoder of the BERT family.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EncoderConfig {
    /// The family as its makers call it, such as `xlm-roberta`.
    pub(crate) architecture: String,
    pub(crate) family: Family,
    pub(crate) head: Head,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) intermediate: usize,
    pub(crate) vocabulary: usize,
    pub(crate) positions: usize,
    /// The position of a text's first token.
    pub(crate) first_position: usize,
    pub(crate) token_types: usize,
    pub(crate) pad_token: u32,
    pub(crate) activation: Activation,
    pub(crate) layer_norm_eps: f64,
}

/// Encoders that differ in the names of their weights, and little else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    Roberta,
    DistilBert,
}

/// What stands on the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// A vector for a text.
    Pooling,
    /// A score for two texts.
    Score,
}

/// The function between the two halves of a layer's feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Activation {
    #[serde(rename = "gelu")]
    Gelu,
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    #[serde(rename = "relu")]
    Relu,
}

/// The file; DistilBERT has names of its own.
#[derive(Deserialize)]
struct Written {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Option<Vec<String>>,
    #[serde(alias = "dim")]
    hidden_size: u64,
    #[serde(alias = "n_layers")]
    num_hidden_layers: u64,
    #[serde(alias = "n_heads")]
    num_attention_heads: u64,
    #[serde(alias = "hidden_dim")]
    intermediate_size: u64,
    vocab_size: u64,
    max_position_embeddings: u64,
    type_vocab_size: Option<u64>,
    pad_token_id: Option<u32>,
    #[serde(alias = "activation", default = "gelu")]
    hidden_act: String,
    #[serde(default = "layer_norm_eps")]
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
    num_labels: Option<usize>,
}

impl FolderConfig {
    /// Reads and checks the file of `folder`. Its type comes first, as the rest is another's for
    /// another family.
    pub(super) fn read(folder: &Path) -> Result<Self, FolderError> {
        let fields: Option<Map<String, Value>> = json::read(folder, FILE)?;
        let fields = fields.ok_or_else(|| FolderError::Absent(FILE.to_owned()))?;
        let model_type = fields.get("model_type").and_then(Value::as_str);
        let model_type = model_type.unwrap_or("model without a type").to_owned();
        if model_type == STATIC {
            return Ok(Self::Static);
        }
        if let Some(family) = DecoderFamily::of(&model_type) {
            return DecoderConfig::new(&model_type, family, fields).map(Self::Decoder);
        }
        let family = Family::of(&model_type)?;
        let written: Written =
            serde_json::from_value(Value::Object(fields)).map_err(|source| FolderError::Json {
                file: FILE.to_owned(),
                source,
            })?;
        Ok(Self::Encoder {
            config: written.check(family)?,
            pooling: Pooling::read(folder)?,
        })
    }

    /// The family as its makers call it.
    pub(crate) fn architecture(&self) -> &str {
        match self {
            Self::Encoder { config, .. } => &config.architecture,
            Self::Decoder(config) => &config.architecture,
            Self::Static => STATIC,
        }
    }
}

impl EncoderConfig {
    /// Tokens of a text at most, with those that frame it.
    pub(super) fn tokens_max(&self) -> u32 {
        u32::try_from(self.positions - self.first_position).unwrap_or(u32::MAX)
    }
}

impl Family {
    fn of(model_type: &str) -> Result<Self, FolderError> {
        match model_type {
            "bert" => Ok(Self::Bert),
            "roberta" | "xlm-roberta" | "camembert" => Ok(Self::Roberta),
            "distilbert" => Ok(Self::DistilBert),
            other => Err(FolderError::Architecture(other.to_owned())),
        }
    }
}

impl Written {
    fn check(self, family: Family) -> Result<EncoderConfig, FolderError> {
        let pad_token = self.pad_token_id.unwrap_or(0);
        let head = self.head()?;
        let activation = self.activation()?;
        let config = EncoderConfig {
            family,
            head,
            hidden: within("hidden_size", self.hidden_size, WIDTH)?,
            layers: within("num_hidden_layers", self.num_hidden_layers, LAYERS)?,
            heads: within("num_attention_heads", self.num_attention_heads, HEADS)?,
            intermediate: within("intermediate_size", self.intermediate_size, WIDTH)?,
            vocabulary: within("vocab_size", self.vocab_size, VOCABULARY)?,
            positions: within(
                "max_position_embeddings",
                self.max_position_embeddings,
                POSITIONS,
            )?,
            // RoBERTa counts positions from the one after the padding's.
            first_position: match family {
                Family::Roberta => pad_token as usize + 1,
                Family::Bert | Family::DistilBert => 0,
            },
            token_types: within(
                "type_vocab_size",
                self.type_vocab_size.unwrap_or(1),
                TOKEN_TYPES,
            )?,
            pad_token,
            activation,
            layer_norm_eps: self.layer_norm_eps,
            architecture: self.model_type.unwrap_or_default(),
        };
        config.agree()
    }

    fn head(&self) -> Result<Head, FolderError> {
        let architecture = self.architectures.iter().flatten().next();
        if !architecture.is_some_and(|name| name.ends_with("ForSequenceClassification")) {
            return Ok(Head::Pooling);
        }
        let named = self.id2label.as_ref().map(BTreeMap::len);
        // What transformers takes when the file names none.
        match named.or(self.num_labels).unwrap_or(2) {
            1 => Ok(Head::Score),
            labels => Err(FolderError::Unlike(format!(
                "it sorts texts into {labels} classes, and a reranker gives one score"
            ))),
        }
    }

    fn activation(&self) -> Result<Activation, FolderError> {
        let positions = self.position_embedding_type.as_deref();
        if let Some(other) = positions.filter(|&kind| kind != "absolute") {
            return Err(FolderError::Unlike(format!(
                "its positions are {other}, and absolute ones are understood here"
            )));
        }
        let name = serde_json::Value::String(self.hidden_act.clone());
        serde_json::from_value(name).map_err(|_| {
            FolderError::Unlike(format!(
                "its activation is {}, and gelu, gelu_new and relu are understood here",
                self.hidden_act
            ))
        })
    }
}

impl EncoderConfig {
    /// Numbers that are each possible, and impossible together.
    fn agree(self) -> Result<Self, FolderError> {
        let refused = |field, value: f64| Err(FolderError::Number { field, value });
        if !self.hidden.is_multiple_of(self.heads) {
            return refused("num_attention_heads", self.heads as f64);
        }
        if self.pad_token as usize >= self.vocabulary {
            return refused("pad_token_id", f64::from(self.pad_token));
        }
        if self.first_position >= self.positions {
            return refused("max_position_embeddings", self.positions as f64);
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return refused("layer_norm_eps", self.layer_norm_eps);
        }
        Ok(self)
    }
}

fn within(
    field: &'static str,
    value: u64,
    allowed: RangeInclusive<u64>,
) -> Result<usize, FolderError> {
    let fits = allowed.contains(&value).then_some(value);
    let refused = || FolderError::Number {
        field,
        value: value as f64,
    };
    fits.and_then(|value| usize::try_from(value).ok())
        .ok_or_else(refused)
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn layer_norm_eps() -> f64 {
    LAYER_NORM_EPS
}
