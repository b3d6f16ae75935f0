//! The built-in embedder as a [`ModelAdapter`].

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::adapter::GenerateStream;
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt, StaticEmbedder};

/// Loads the table at its first use, and keeps it: it is part of the program anyway.
#[derive(Default)]
pub(crate) struct StaticAdapter {
    embedder: OnceCell<Arc<StaticEmbedder>>,
}

impl StaticAdapter {
    async fn embedder(&self) -> Result<Arc<StaticEmbedder>, ModelError> {
        let build = || async {
            let built = tokio::task::spawn_blocking(StaticEmbedder::builtin).await;
            let failed =
                |e| ModelError::new(ModelErrorKind::Internal, "load", "the embedder").caused_by(e);
            built.map_err(failed)?.map(Arc::new)
        };
        self.embedder.get_or_try_init(build).await.cloned()
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

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        self.embedder.initialized()
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
        "the built-in embedder",
    )
}
