//! How llama.cpp runs a model.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelErrorKind};

/// How llama.cpp runs a GGUF model: of all of them in [`ModelsConfig`](crate::ModelsConfig), of one
/// through [`Models::set_llama`](crate::Models::set_llama).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LlamaSettings {
    /// Tokens of context, as many as the model was trained for at most. `None`: as
    /// [`ModelsConfig::context_tokens`](crate::ModelsConfig::context_tokens) says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<NonZeroU32>,
    /// Threads of the engine. `None`: as [`ModelsConfig::threads`](crate::ModelsConfig::threads) says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// How the numbers of what was read are kept. `Q8_0` halves their memory, `Q4_0` halves it again and
    /// is told by the answers.
    pub cache_numbers: CacheNumbers,
    /// Whether attention is computed in blocks, without its whole table (Dao et al. 2022). Caches of
    /// fewer bits need it.
    pub flash_attention: FlashAttention,
    /// Maps the file into memory, where processes share it and the system may take its pages back;
    /// else it is read into memory of its own.
    pub mmap: bool,
    /// Keeps the weights from being swapped out. Where the system allows less than they need, llama.cpp
    /// says so in the log and goes on.
    pub mlock: bool,
    /// Runs the model once when it loads, so that the first answer does not wait for its pages.
    pub warm_up: bool,
    /// Mebibytes for what was read of earlier chats and had to leave the cache: it is brought back instead
    /// of being read again. 0 keeps nothing.
    pub prefix_mib: u32,
    /// A change of the weights that is applied to every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<Lora>,
}

/// How the numbers of a cache are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheNumbers {
    /// 16 bits each.
    #[default]
    F16,
    /// 8.5 bits each.
    Q8_0,
    /// 4.5 bits each.
    Q4_0,
}

/// When attention is computed in blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlashAttention {
    /// Where llama.cpp finds it supported.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// An adapter after Hu et al. 2021, as a GGUF file made for the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// The file.
    pub path: PathBuf,
    /// How much of it is applied; 1 for as much as it was trained for.
    pub scale: f32,
}

impl Default for LlamaSettings {
    fn default() -> Self {
        Self {
            context_tokens: None,
            threads: None,
            cache_numbers: CacheNumbers::default(),
            flash_attention: FlashAttention::default(),
            mmap: true,
            mlock: false,
            warm_up: true,
            prefix_mib: 0,
            lora: None,
        }
    }
}

impl LlamaSettings {
    /// Checks what types alone do not.
    ///
    /// # Errors
    /// `Invalid`, with what contradicts what.
    pub fn validate(&self) -> Result<(), ModelError> {
        let needs_blocks = self.cache_numbers != CacheNumbers::F16;
        let scale = self.lora.as_ref().map_or(1.0, |lora| lora.scale);
        let why = if needs_blocks && self.flash_attention == FlashAttention::Off {
            "a cache of fewer than 16 bits needs flash attention"
        } else if !scale.is_finite() {
            "an adapter's scale is a number"
        } else {
            return Ok(());
        };
        let kind = ModelErrorKind::Invalid(why.to_owned());
        Err(ModelError::new(kind, "use", "the settings"))
    }
}
