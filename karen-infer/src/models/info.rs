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
    /// How its numbers are packed, such as `Q4_K_M`, where a file tells it.
    pub quantization: Option<String>,
    /// Numbers that it consists of; 0 where that is not known.
    pub parameters: u64,
    /// Bytes that it takes in memory when it is loaded, as estimated; 0 where it takes none here.
    pub memory_bytes: u64,
    /// Whether it is unloaded for no other.
    pub is_pinned: bool,
    /// Where a provider runs it.
    pub remote: Option<RemoteModel>,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: u32,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How ready it is.
    pub state: ModelState,
    /// Why it did not load, where it [failed](ModelState::Failed).
    pub failure: Option<String>,
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
    /// It is being loaded.
    Loading,
    /// It is in memory.
    Warm,
    /// It is being unloaded.
    Evicting,
    /// It did not load; the next use tries again.
    Failed,
}

impl ModelState {
    /// All of them, from the least ready.
    pub const ALL: &'static [Self] = &[
        Self::Absent,
        Self::Failed,
        Self::Evicting,
        Self::Idle,
        Self::Loading,
        Self::Warm,
    ];

    /// The name that programs are told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Idle => "idle",
            Self::Loading => "loading",
            Self::Warm => "warm",
            Self::Evicting => "evicting",
            Self::Failed => "failed",
        }
    }
}
