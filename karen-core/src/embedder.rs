//! Memory's [`Embedder`]: the built-in static one, or a model that embeds.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use karen_infer::{ModelError, ModelErrorKind, ModelInfo, ModelName, Models, StaticEmbedder};
use karen_memory::{Embedder, KnownEmbedder, Memory, MemoryError, MemoryErrorKind};
use karen_sql::Database;

use crate::config::Config;
use crate::{Code, Error, Result};

/// Begins the id of a model, before its name.
const MODEL: &str = "model ";

/// What tells meanings, and what may have told them before.
pub(crate) struct Embedders {
    pub(crate) current: Arc<dyn Embedder>,
    pub(crate) former: Vec<Arc<dyn Embedder>>,
}

impl Embedders {
    /// As the settings have it. A model that is asked for the first time is loaded, to see how long its
    /// vectors are.
    pub(crate) async fn of(
        config: &Config,
        database: &Database,
        models: &Models,
        built_in: &BuiltInEmbedder,
    ) -> Result<Self> {
        let known = Memory::embedders(database).await?;
        let current: Arc<dyn Embedder> = match config.memory.embedder.as_str() {
            "" => Arc::new(built_in.clone()),
            name => Arc::new(ModelEmbedder::of_setting(models, name, &known).await?),
        };
        let others = known.iter().filter(|known| known.id != current.id());
        let former = others.filter_map(|known| former(known, models, built_in));
        Ok(Self {
            former: former.collect(),
            current,
        })
    }
}

/// `None` for a model that is there no more, or is another by now.
fn former(
    known: &KnownEmbedder,
    models: &Models,
    built_in: &BuiltInEmbedder,
) -> Option<Arc<dyn Embedder>> {
    if known.id == StaticEmbedder::ID {
        return Some(Arc::new(built_in.clone()));
    }
    let name = known.id.strip_prefix(MODEL)?.split(' ').next()?;
    let info = models.info(&ModelName::parse(name).ok()?).ok()?;
    let is_same = id_of(&info) == known.id;
    is_same.then(|| Arc::new(ModelEmbedder::new(models, info, known.dim)) as _)
}

/// Loads the embedder at its first use: opening Karen does not wait for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuiltInEmbedder {
    loaded: Arc<OnceLock<StaticEmbedder>>,
}

impl BuiltInEmbedder {
    /// Loads it now.
    pub(crate) async fn warm(&self) -> std::result::Result<(), MemoryError> {
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

    async fn embed(&self, texts: &[String]) -> std::result::Result<Vec<Vec<f32>>, MemoryError> {
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

/// A model that embeds: of a file, a folder or a provider.
struct ModelEmbedder {
    models: Models,
    name: ModelName,
    id: String,
    dim: usize,
}

impl ModelEmbedder {
    fn new(models: &Models, info: ModelInfo, dim: usize) -> Self {
        Self {
            models: models.clone(),
            id: id_of(&info),
            name: info.name,
            dim,
        }
    }

    async fn of_setting(models: &Models, name: &str, known: &[KnownEmbedder]) -> Result<Self> {
        let refused = |error: ModelError| {
            let message = format!("memory.embedder is {name:?}: {error}");
            Error::new(Code::InvalidArgument, message).caused_by(error)
        };
        let name = ModelName::parse(name).map_err(refused)?;
        let info = models.info(&name).map_err(refused)?;
        if !info.capabilities.embed {
            let message = format!("memory.embedder is {name:?}, which embeds no texts");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let id = id_of(&info);
        let dim = match known.iter().find(|known| known.id == id) {
            Some(known) => known.dim,
            None => {
                let rows = models.embed(&name, &["length".to_owned()]).await?;
                rows.first().map_or(0, Vec::len)
            }
        };
        Ok(Self::new(models, info, dim))
    }

    /// Of a text that is longer than the model reads, its beginning; zeros for one in which it reads
    /// nothing.
    async fn embed_one(&self, text: &str) -> std::result::Result<Vec<f32>, ModelError> {
        let mut text = text;
        loop {
            match self.models.embed(&self.name, &[text.to_owned()]).await {
                Ok(rows) => return Ok(rows.into_iter().next().unwrap_or_default()),
                Err(error) => match error.kind() {
                    ModelErrorKind::PromptTooLong { .. } if text.len() > 1 => {
                        text = &text[..text.floor_char_boundary(text.len() / 2)];
                    }
                    ModelErrorKind::Invalid(_) => return Ok(vec![0.0; self.dim]),
                    _ => return Err(error),
                },
            }
        }
    }
}

#[async_trait]
impl Embedder for ModelEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    async fn embed(&self, texts: &[String]) -> std::result::Result<Vec<Vec<f32>>, MemoryError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        match self.models.embed(&self.name, texts).await {
            Ok(rows) => return Ok(rows),
            Err(error) => match error.kind() {
                // One text of them is the reason.
                ModelErrorKind::PromptTooLong { .. } | ModelErrorKind::Invalid(_) => {}
                _ => return Err(unavailable(error)),
            },
        }
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            rows.push(self.embed_one(text).await.map_err(unavailable)?);
        }
        Ok(rows)
    }
}

/// What a model is, as far as can be told without reading it: one of another file or provider is another.
fn id_of(info: &ModelInfo) -> String {
    let packed = info.quantization.as_deref().unwrap_or("-");
    let remote = info.remote.as_ref().map_or("-", |remote| &remote.model);
    let (name, bytes) = (&info.name, info.size_bytes);
    format!("{MODEL}{name} {bytes} {packed} {remote}")
}

fn unavailable(source: impl std::error::Error + Send + Sync + 'static) -> MemoryError {
    MemoryError::new(MemoryErrorKind::Unavailable, "embed", "texts").caused_by(source)
}

#[cfg(test)]
mod tests {
    use karen_auth::Principal;
    use karen_memory::{NewRecord, Query};

    use super::*;
    use crate::Karen;
    use crate::config::MemorySettings;

    /// More facts than a recall embeds by itself.
    const FACTS: usize = 40;

    async fn open(folder: &std::path::Path, embedder: &str) -> Result<Karen> {
        let mut config = Config {
            memory: MemorySettings {
                embedder: embedder.to_owned(),
                ..MemorySettings::default()
            },
            ..Config::default()
        };
        config.data.folder = folder.to_owned();
        Karen::builder().config(config).open().await
    }

    async fn cosine(karen: &Karen) -> f32 {
        let session = karen.session(Principal::local());
        let memories = session.memories();
        let query = Query::new("What is my dog called?");
        let recall = memories.search(query).await.expect("search");
        assert!(recall.missing.is_empty());
        recall.items[0].why.cosine.expect("compared")
    }

    #[tokio::test]
    async fn the_built_in_embedder_keeps_the_contract() {
        karen_memory::testing::embedder(&BuiltInEmbedder::default()).await;
    }

    #[tokio::test]
    async fn a_model_takes_over_from_the_built_in_embedder_and_gives_back() {
        let folder = tempfile::tempdir().expect("folder");
        let karen = open(folder.path(), "").await.expect("opens");
        let session = karen.session(Principal::local());
        let memories = session.memories();
        memories
            .remember(NewRecord::fact("My dog is called Biscuit."))
            .await
            .expect("write");
        for fact in 0..FACTS {
            let fact = NewRecord::fact(format!("Boat {fact} left harbour {}.", fact * 7));
            memories.remember(fact).await.expect("write");
        }
        let before = cosine(&karen).await;
        drop(session);
        karen.close().await.expect("close");
        for embedder in ["karen-static", ""] {
            let karen = open(folder.path(), embedder).await.expect("opens");
            // The same table by another name: every answer is as it was, whoever gives it.
            while karen
                .session(Principal::local())
                .shared()
                .memory
                .reembedding()
                .is_some()
            {
                assert!((cosine(&karen).await - before).abs() < 1e-3);
            }
            assert!((cosine(&karen).await - before).abs() < 1e-3);
            karen.close().await.expect("close");
        }
    }

    #[tokio::test]
    async fn an_embedder_that_is_none_is_refused_by_its_setting() {
        let folder = tempfile::tempdir().expect("folder");
        for embedder in ["nobody", "no name"] {
            let refused = open(folder.path(), embedder).await.err().expect("refused");
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert!(refused.to_string().contains("memory.embedder"), "{refused}");
        }
    }
}
