//! `config.json` of a model that writes text.
//!
//! Candle reads the file itself, into a configuration of its own for each family. Here its numbers are
//! checked, newer names are put back into those that candle knows, and what candle would compute
//! otherwise than the model's makers is refused.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::FolderError;

/// The largest have a few hundred thousand; a damaged number is noticed by it.
const WIDTH: RangeInclusive<u64> = 1..=1_048_576;
const LAYERS: RangeInclusive<u64> = 1..=1024;
const HEADS: RangeInclusive<u64> = 1..=4096;
const VOCABULARY: RangeInclusive<u64> = 1..=4_000_000;
const POSITIONS: RangeInclusive<u64> = 1..=16_777_216;

/// A model that writes text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecoderConfig {
    /// The family as its makers call it, such as `qwen2`.
    pub(crate) architecture: String,
    pub(crate) family: DecoderFamily,
    pub(crate) vocabulary: usize,
    /// Tokens of prompt and answer together at most.
    pub(crate) context_tokens: u32,
    /// Tokens that end an answer.
    pub(crate) ends: Vec<u32>,
    fields: Map<String, Value>,
}

/// Families whose layers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecoderFamily {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
    Phi3,
    Gemma,
    Gemma2,
}

/// One token or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum TokenIds {
    One(u32),
    Many(Vec<u32>),
}

/// What all families have.
#[derive(Deserialize)]
struct Written {
    hidden_size: u64,
    intermediate_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    num_key_value_heads: Option<u64>,
    head_dim: Option<u64>,
    vocab_size: u64,
    max_position_embeddings: u64,
    sliding_window: Option<u64>,
    use_sliding_window: Option<bool>,
    eos_token_id: Option<TokenIds>,
}

impl DecoderFamily {
    /// The family that the file calls so.
    pub(super) fn of(model_type: &str) -> Option<Self> {
        Some(match model_type {
            "llama" => Self::Llama,
            "mistral" => Self::Mistral,
            "qwen2" => Self::Qwen2,
            "qwen3" => Self::Qwen3,
            "phi3" => Self::Phi3,
            "gemma" => Self::Gemma,
            "gemma2" => Self::Gemma2,
            _ => return None,
        })
    }
}

impl DecoderConfig {
    /// Checks the file's `fields`.
    pub(super) fn new(
        architecture: &str,
        family: DecoderFamily,
        mut fields: Map<String, Value>,
    ) -> Result<Self, FolderError> {
        lift_rope(&mut fields);
        let written: Written = parsed(&fields)?;
        let (positions, context_tokens) = written.check(family)?;
        refuse(family, &fields)?;
        complete(family, &mut fields, positions);
        let vocabulary = within("vocab_size", written.vocab_size, VOCABULARY)?;
        Ok(Self {
            architecture: architecture.to_owned(),
            family,
            vocabulary: usize::try_from(vocabulary).unwrap_or(usize::MAX),
            context_tokens,
            ends: written.eos_token_id.map(TokenIds::all).unwrap_or_default(),
            fields,
        })
    }

    /// The file as one of candle's configurations, for a context of so many tokens: its tables have no
    /// more rows than that.
    ///
    /// # Errors
    /// With the field that is missing or of another kind.
    #[cfg(feature = "candle")]
    pub(crate) fn fields<T: DeserializeOwned>(
        &self,
        context_tokens: u32,
    ) -> Result<T, FolderError> {
        let mut fields = self.fields.clone();
        fields.insert("max_position_embeddings".to_owned(), context_tokens.into());
        parsed(&fields)
    }
}

impl TokenIds {
    pub(super) fn all(self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![id],
            Self::Many(ids) => ids,
        }
    }
}

impl Written {
    /// The positions that the model has, and those that candle computes as its makers do.
    fn check(&self, family: DecoderFamily) -> Result<(u64, u32), FolderError> {
        let hidden = within("hidden_size", self.hidden_size, WIDTH)?;
        within("intermediate_size", self.intermediate_size, WIDTH)?;
        within("num_hidden_layers", self.num_hidden_layers, LAYERS)?;
        let heads = within("num_attention_heads", self.num_attention_heads, HEADS)?;
        let kv_heads = self.num_key_value_heads.unwrap_or(heads);
        within("num_key_value_heads", kv_heads, 1..=heads)?;
        if !heads.is_multiple_of(kv_heads) {
            return refused("num_key_value_heads", kv_heads);
        }
        let head = self.head_dim.unwrap_or(hidden / heads);
        within("head_dim", head, WIDTH)?;
        let is_fixed = matches!(family, DecoderFamily::Llama | DecoderFamily::Phi3);
        if !head.is_multiple_of(2)
            || (is_fixed || self.head_dim.is_none()) && head * heads != hidden
        {
            return refused("head_dim", head);
        }
        let positions = self.max_position_embeddings;
        within("max_position_embeddings", positions, POSITIONS)?;
        // Beyond the window candle looks further back than the model was trained to.
        let window = self
            .sliding_window
            .filter(|_| self.use_sliding_window != Some(false));
        let context = window.map_or(positions, |window| window.min(positions));
        let context = within("sliding_window", context, POSITIONS)?;
        Ok((positions, u32::try_from(context).unwrap_or(u32::MAX)))
    }
}

/// Puts what transformers 5 gathers in `rope_parameters` where it was before, and drops a scaling that
/// scales nothing.
fn lift_rope(fields: &mut Map<String, Value>) {
    if let Some(Value::Object(rope)) = fields.remove("rope_parameters") {
        if let Some(theta) = rope.get("rope_theta") {
            fields.insert("rope_theta".to_owned(), theta.clone());
        }
        fields.insert("rope_scaling".to_owned(), Value::Object(rope));
    }
    let kind = fields.get("rope_scaling").and_then(rope_kind);
    if kind.is_none_or(|kind| kind == "default") {
        fields.remove("rope_scaling");
    }
}

fn rope_kind(scaling: &Value) -> Option<&str> {
    scaling
        .get("rope_type")
        .or_else(|| scaling.get("type"))?
        .as_str()
}

/// Refuses what candle leaves out.
fn refuse(family: DecoderFamily, fields: &Map<String, Value>) -> Result<(), FolderError> {
    let unlike = |what: String| {
        let why = format!("{what}, which candle does not compute here: convert the model to GGUF");
        Err(FolderError::Unlike(why))
    };
    if let Some(kind) = fields.get("rope_scaling").and_then(rope_kind)
        && (family, kind) != (DecoderFamily::Llama, "llama3")
    {
        return unlike(format!("its positions are scaled by {kind}"));
    }
    let has_bias = |field: &str| fields.get(field) == Some(&Value::Bool(true));
    if family == DecoderFamily::Llama && (has_bias("attention_bias") || has_bias("mlp_bias")) {
        return unlike("its layers have biases".to_owned());
    }
    let activation = fields.get("hidden_act").and_then(Value::as_str);
    if family == DecoderFamily::Llama && activation.is_some_and(|name| name != "silu") {
        return unlike(format!(
            "its activation is {}",
            activation.unwrap_or_default()
        ));
    }
    Ok(())
}

/// Adds what candle requires and makers leave out, and takes away what it cannot read.
fn complete(family: DecoderFamily, fields: &mut Map<String, Value>, positions: u64) {
    let layers = fields.get("num_hidden_layers").cloned().unwrap_or_default();
    let heads = fields
        .get("num_attention_heads")
        .cloned()
        .unwrap_or_default();
    let mut set = |field: &str, value: Value| {
        if fields.get(field).is_none_or(Value::is_null) {
            fields.insert(field.to_owned(), value);
        }
    };
    set("num_key_value_heads", heads);
    set(
        "tie_word_embeddings",
        matches!(family, DecoderFamily::Gemma | DecoderFamily::Gemma2).into(),
    );
    set("attention_bias", false.into());
    set("rope_theta", 10_000.0.into());
    set("max_window_layers", layers);
    set("use_sliding_window", false.into());
    match family {
        DecoderFamily::Qwen2 => set("sliding_window", positions.into()),
        DecoderFamily::Mistral => set("use_flash_attn", false.into()),
        _ => {}
    }
    // Read here already, and of several kinds.
    for field in ["eos_token_id", "bos_token_id"] {
        fields.remove(field);
    }
    if fields.contains_key("hidden_activation") && family == DecoderFamily::Gemma {
        fields.remove("hidden_act");
    }
}

fn parsed<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, FolderError> {
    serde_json::from_value(Value::Object(fields.clone())).map_err(|source| FolderError::Json {
        file: "config.json".to_owned(),
        source,
    })
}

fn within(
    field: &'static str,
    value: u64,
    allowed: RangeInclusive<u64>,
) -> Result<u64, FolderError> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    refused(field, value)
}

fn refused<T>(field: &'static str, value: u64) -> Result<T, FolderError> {
    Err(FolderError::Number {
        field,
        value: value as f64,
    })
}
