//! The built-in static embedder of karen-infer as memory's [`Embedder`].

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use karen_infer::StaticEmbedder;
use karen_memory::{Embedder, MemoryError, MemoryErrorKind};

/// Loads the embedder at its first use: opening Karen does not wait for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuiltInEmbedder {
    loaded: Arc<OnceLock<StaticEmbedder>>,
}

impl BuiltInEmbedder {
    /// Loads it now.
    pub(crate) async fn warm(&self) -> Result<(), MemoryError> {
        self.embed(&[]).await.map(|_| ())
    }
}

#[async_trait]
impl Embedder for BuiltInEmbedder {
    fn id(&self) -> &str {
        StaticEmbedder::ID
    }

    fn dim(&self) -> usize {
        StaticEmbedder::DIM
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        let loaded = Arc::clone(&self.loaded);
        let texts = texts.to_vec();
        let embed = move || {
            let embedder = match loaded.get() {
                Some(embedder) => embedder,
                None => {
                    let built = StaticEmbedder::builtin().map_err(unavailable)?;
                    loaded.get_or_init(|| built)
                }
            };
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            Ok(embedder.embed(&texts))
        };
        tokio::task::spawn_blocking(embed)
            .await
            .map_err(unavailable)?
    }
}

fn unavailable(source: impl std::error::Error + Send + Sync + 'static) -> MemoryError {
    MemoryError::new(MemoryErrorKind::Unavailable, "embed", "texts").caused_by(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_built_in_embedder_keeps_the_contract() {
        karen_memory::testing::embedder(&BuiltInEmbedder::default()).await;
    }
}
