//! Configuring Karen from a program.

use std::path::{Path, PathBuf};

use crate::config::{Config, Layers, StartMode};
use crate::{Karen, Result};

/// Settings of a program, on top of the defaults; [`open`](Builder::open) uses them.
///
/// Files and the environment are read only if asked for: a library that fits in a program does not
/// look around on its own.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    config: Config,
}

impl Builder {
    /// Replaces every setting.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Takes the settings from a `karen.toml`, then from the `KAREN_*` variables.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, naming the setting and where it stands.
    pub fn config_file(mut self, path: &Path) -> Result<Self> {
        self.config = Layers::default()
            .file(path)?
            .variables(std::env::vars())?
            .config()?;
        Ok(self)
    }

    /// The folder that holds everything, made when absent; `./karen-data` by default.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.data.folder = path.into();
        self
    }

    /// Keeps everything in memory; nothing is left when Karen closes.
    #[must_use]
    pub fn in_memory(self) -> Self {
        self.data_dir(":memory:")
    }

    /// A GGUF file that answers while no other model has been added.
    #[must_use]
    pub fn model(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.models.demo = path.into();
        self
    }

    /// The system message that turns begin with.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.config.chat.instructions = text.into();
        self
    }

    /// How much is made ready before [`open`](Builder::open) returns.
    #[must_use]
    pub fn start(mut self, mode: StartMode) -> Self {
        self.config.data.start = mode;
        self
    }

    /// Opens Karen.
    ///
    /// # Errors
    /// `LOCKED` when another process owns the folder, `READ_ONLY`, `STORAGE_FULL`, `CORRUPT`,
    /// `TOO_NEW`, and `INVALID_ARGUMENT` for a setting out of its range.
    pub async fn open(self) -> Result<Karen> {
        Karen::open(self.config).await
    }
}
