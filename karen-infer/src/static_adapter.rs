//! Static embedders as [`ModelAdapter`]s.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::adapter::GenerateStream;
use crate::loadable::Loadable;
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt, StaticEmbedder};

/// Loads a table at its first use.
#[derive(Default)]
pub(crate) struct StaticAdapter {
    /// Where it is; the built-in one is part of the program.
    folder: Option<PathBuf>,
    embedder: Loadable<StaticEmbedder>,
}

impl StaticAdapter {
    /// That of a folder which was checked; nothing is read yet.
    pub(crate) fn of(folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
            embedder: Loadable::default(),
        }
    }

    async fn embedder(&self) -> Result<Arc<StaticEmbedder>, ModelError> {
        let folder = self.folder.clone();
        let load = move || match folder {
            Some(folder) => StaticEmbedder::open(&folder),
            None => StaticEmbedder::builtin(),
        };
        self.embedder.get(load).await
    }
}

#[async_trait]
impl ModelAdapter for StaticAdapter {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            embed: true,
            exact_counts: true,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.embedder().await.map(|_| ())
    }

    /// The built-in one stays: it takes no more than it does in the program.
    async fn unload(&self) {
        if self.folder.is_some() {
            self.embedder.unload().await;
        }
    }

    fn is_loaded(&self) -> bool {
        self.embedder.is_loaded()
    }

    async fn generate(&self, _job: Job) -> Result<GenerateStream, ModelError> {
        Err(writes_nothing())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let Prompt::Text(text) = prompt else {
            return Err(writes_nothing());
        };
        let rows = self.embedder().await?.rows(text);
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let embedder = self.embedder().await?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Ok(embedder.embed(&texts))
    }
}

fn writes_nothing() -> ModelError {
    let why = "it embeds texts and writes none".to_owned();
    ModelError::new(
        ModelErrorKind::Unsupported(why),
        "chat with",
        "a static embedder",
    )
}
