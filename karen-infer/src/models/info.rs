//! A model as a list shows it.

use std::path::PathBuf;

use serde::Serialize;

use crate::{Capabilities, ModelName, RemoteModel};

/// A model as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// What it is called.
    pub name: ModelName,
    /// What it is made of.
    pub format: ModelFormat,
    /// Its file, or its folder.
    pub path: Option<PathBuf>,
    /// The family, such as `llama`, where a file tells it.
    pub architecture: Option<String>,
    /// Bytes of its file, or of its files of weights.
    pub size_bytes: u64,
    /// Where a provider runs it.
    pub remote: Option<RemoteModel>,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: u32,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How ready it is.
    pub state: ModelState,
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelFormat {
    /// A GGUF file.
    Gguf,
    /// A folder as Hugging Face has models.
    Safetensors,
    /// Part of the program.
    BuiltIn,
    /// An adapter that the program registered.
    Adapter,
    /// A model behind OpenAI's API, or one like it.
    OpenAi,
    /// A model behind Gemini's API.
    Gemini,
    /// A name for one or several others.
    Route,
}

/// How ready a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// Its file or folder is gone.
    Absent,
    /// It loads at its first use.
    Idle,
    /// It is in memory.
    Warm,
}
