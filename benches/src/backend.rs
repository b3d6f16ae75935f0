//! Where the memory of a bench is kept: in this process, or one part of it on a server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use karen_infer::StaticEmbedder;
use karen_memory::{Embedder, Memory, MemoryConfig, MemoryError, Scope, Servers};
use karen_sql::{Database, Location};

use crate::Result;
use crate::recall::BuiltIn;

/// A choice of where each part is kept.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    postgres: Option<String>,
    servers: Servers,
    /// Whether meanings are compared beside words.
    has_meanings: bool,
    /// Nanoseconds that embedding has taken.
    embedding: Arc<AtomicU64>,
}

/// The built-in embedder, and how long it takes.
struct Timed {
    embedder: BuiltIn,
    nanoseconds: Arc<AtomicU64>,
}

#[async_trait]
impl Embedder for Timed {
    fn id(&self) -> &str {
        self.embedder.id()
    }

    fn dim(&self) -> usize {
        self.embedder.dim()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        let started = Instant::now();
        let vectors = self.embedder.embed(texts).await;
        let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        vectors
    }
}

impl Backend {
    /// Words alone, in this process.
    pub(crate) fn embedded() -> Self {
        Self {
            name: "embedded",
            postgres: None,
            servers: Servers {
                namespace: format!("bench_{}", std::process::id()),
                ..Servers::default()
            },
            has_meanings: false,
            embedding: Arc::default(),
        }
    }

    /// Words and meanings, in this process.
    pub(crate) fn meaningful() -> Self {
        Self {
            name: "embedded, with meanings",
            has_meanings: true,
            ..Self::embedded()
        }
    }

    /// How long embedding has taken so far.
    pub(crate) fn embedding(&self) -> Duration {
        Duration::from_nanos(self.embedding.load(Ordering::Relaxed))
    }

    /// Everything in this process, with and without meanings, and then each part on its server, whose
    /// addresses `scripts/services.sh env` prints.
    pub(crate) fn each() -> Result<Vec<Self>> {
        let embedded = Self::embedded;
        let with = |servers: Servers| Servers {
            namespace: embedded().servers.namespace,
            ..servers
        };
        Ok(vec![
            embedded(),
            Self::meaningful(),
            Self {
                name: "postgresql",
                postgres: Some(address("POSTGRES")?),
                ..embedded()
            },
            Self {
                name: "elasticsearch",
                servers: with(Servers {
                    elasticsearch: Some(address("ELASTICSEARCH")?),
                    ..Servers::default()
                }),
                ..embedded()
            },
            Self {
                name: "milvus, with meanings",
                servers: with(Servers {
                    milvus: Some(address("MILVUS")?),
                    ..Servers::default()
                }),
                has_meanings: true,
                ..embedded()
            },
            Self {
                name: "redis",
                servers: with(Servers {
                    redis: vec![address("REDIS")?],
                    ..Servers::default()
                }),
                ..embedded()
            },
        ])
    }

    /// The memory, with what is in this process in files of `folder`.
    pub(crate) async fn open(&self, folder: &Path) -> Result<Memory> {
        let file = || Location::File(folder.join("karen.db"));
        let location = self.postgres.clone().map_or_else(file, Location::Postgres);
        let config = MemoryConfig {
            indexes: Some(folder.join("indexes")),
            embedder: self.embedder()?,
            servers: self.servers.clone(),
            ..MemoryConfig::new(Database::open(location).await?)
        };
        Ok(Memory::open(config).await?)
    }

    /// Takes away what would outlive the bench.
    pub(crate) async fn clear(&self, memory: &Memory, scope: &Scope) -> Result<()> {
        if self.postgres.is_some() || memory.uses_servers() {
            memory.erase(scope).await?;
            memory.rebuild().await?;
        }
        Ok(())
    }

    fn embedder(&self) -> Result<Option<Arc<dyn Embedder>>> {
        Ok(match self.has_meanings {
            true => Some(Arc::new(Timed {
                embedder: BuiltIn(StaticEmbedder::builtin()?),
                nanoseconds: Arc::clone(&self.embedding),
            })),
            false => None,
        })
    }
}

fn address(server: &str) -> Result<String> {
    let variable = format!("KAREN_TEST_{server}_URL");
    std::env::var(&variable).map_err(|_| {
        format!(
            "{variable} is not set: scripts/services.sh start, and env $(scripts/services.sh env)"
        )
        .into()
    })
}
