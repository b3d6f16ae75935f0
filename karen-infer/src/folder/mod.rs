//! A folder as Hugging Face has models, read without trusting it.
//!
//! `config.json` says what the model is, `*.safetensors` hold its weights, `modules.json` and the
//! pooling's own file how sentence-transformers makes one vector of it. Candle is only given folders
//! that pass here.

#[cfg(feature = "candle")]
mod chat;
mod config;
mod decoder;
mod error;
mod json;
mod pooling;
mod weights;

use std::path::{Path, PathBuf};

#[cfg(feature = "candle")]
pub(crate) use self::chat::ChatFiles;
#[cfg(feature = "candle")]
pub(crate) use self::config::{Activation, EncoderConfig, Family};
pub(crate) use self::config::{FolderConfig, Head, STATIC};
#[cfg(feature = "candle")]
pub(crate) use self::decoder::{DecoderConfig, DecoderFamily};
pub(crate) use self::error::FolderError;
pub(crate) use self::pooling::Pooling;

/// What a folder says of its model before anything is loaded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelFolder {
    pub(crate) path: PathBuf,
    pub(crate) config: FolderConfig,
    /// Tokens at most: of a text with those that frame it, or of a prompt with its answer.
    pub(crate) context_tokens: u32,
    /// The files of weights, each whole.
    pub(crate) weights: Vec<PathBuf>,
    /// Bytes of all of them.
    pub(crate) size_bytes: u64,
    /// Numbers in all of them.
    pub(crate) parameters: u64,
}

impl ModelFolder {
    /// Reads and checks everything but the weights themselves.
    pub(crate) fn read(path: &Path) -> Result<Self, FolderError> {
        let config = FolderConfig::read(path)?;
        let context_tokens = match &config {
            FolderConfig::Encoder { config, .. } => {
                let trained_for = pooling::tokens_max(path)?;
                config.tokens_max().min(trained_for.unwrap_or(u32::MAX))
            }
            FolderConfig::Decoder(config) => config.context_tokens,
            FolderConfig::Static => u32::MAX,
        };
        let weights = weights::read(path)?;
        Ok(Self {
            path: path.to_owned(),
            config,
            context_tokens,
            weights: weights.files,
            size_bytes: weights.size_bytes,
            parameters: weights.parameters,
        })
    }
}
