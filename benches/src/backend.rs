//! Where the memory of a bench is kept: in this process, or one part of it on a server.

use std::path::Path;
use std::sync::Arc;

use karen_infer::StaticEmbedder;
use karen_memory::{Embedder, Memory, MemoryConfig, Scope, Servers};
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
        }
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
            Self {
                name: "embedded, with meanings",
                has_meanings: true,
                ..embedded()
            },
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
            true => Some(Arc::new(BuiltIn(StaticEmbedder::builtin()?))),
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
