//! The servers that take over from this process where several instances share a memory.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::{
    Embedder, FlatIndex, InProcessTextIndex, InProcessWorkingMemory, KnownEmbedder, MemoryError,
    MemoryErrorKind, TextIndex, VectorIndex, WorkingMemory,
};

/// Addresses of servers; what is left open stays in this process.
#[derive(Clone)]
pub struct Servers {
    /// Begins the name of everything that is kept there, so that memories may share a server: `karen`
    /// unless said otherwise. Lower-case letters, digits and underscores.
    pub namespace: String,
    /// Keeps recent records: `redis://host:port`, of one server or of several nodes of a cluster.
    pub redis: Vec<String>,
    /// Finds words: `http://host:port`.
    pub elasticsearch: Option<String>,
    /// Finds vectors: `http://host:port`. Not used without an embedder.
    pub milvus: Option<String>,
}

/// None: everything stays in this process.
impl Default for Servers {
    fn default() -> Self {
        Self {
            namespace: "karen".to_owned(),
            redis: Vec::new(),
            elasticsearch: None,
            milvus: None,
        }
    }
}

/// Addresses may carry passwords.
impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("namespace", &self.namespace)
            .field("redis", &self.redis.len())
            .field("elasticsearch", &self.elasticsearch.is_some())
            .field("milvus", &self.milvus.is_some())
            .finish()
    }
}

impl Servers {
    pub(crate) fn open_working(&self) -> Result<Arc<dyn WorkingMemory>, MemoryError> {
        match &self.redis[..] {
            [] => Ok(Arc::new(InProcessWorkingMemory::default())),
            nodes => open_redis(&self.namespace, nodes),
        }
    }

    /// Without a server, in this process: kept in `folder`, if there is one.
    pub(crate) async fn open_text(
        &self,
        folder: Option<&Path>,
    ) -> Result<Arc<dyn TextIndex>, MemoryError> {
        match &self.elasticsearch {
            Some(url) => open_elasticsearch(&self.namespace, url).await,
            None => Ok(Arc::new(folder.map_or_else(
                InProcessTextIndex::default,
                InProcessTextIndex::in_folder,
            ))),
        }
    }

    /// Without a server, in this process: kept in `folder`, if there is one.
    pub(crate) async fn open_vectors(
        &self,
        folder: Option<&Path>,
        embedder: &dyn Embedder,
    ) -> Result<Arc<dyn VectorIndex>, MemoryError> {
        match &self.milvus {
            Some(url) => open_milvus(&self.namespace, url, embedder).await,
            None => Ok(Arc::new(folder.map_or_else(FlatIndex::default, |folder| {
                FlatIndex::in_folder(folder, embedder.id())
            }))),
        }
    }

    /// Takes away the vectors of an embedder that is not in use.
    pub(crate) async fn remove_vectors(
        &self,
        folder: Option<&Path>,
        embedder: &KnownEmbedder,
    ) -> Result<(), MemoryError> {
        if let Some(folder) = folder {
            FlatIndex::in_folder(folder, &embedder.id).clear().await?;
        }
        match &self.milvus {
            Some(url) => remove_milvus(&self.namespace, url, embedder).await,
            None => Ok(()),
        }
    }
}

#[cfg(feature = "redis")]
fn open_redis(namespace: &str, nodes: &[String]) -> Result<Arc<dyn WorkingMemory>, MemoryError> {
    let config = crate::RedisConfig::new(namespace, nodes.to_vec());
    Ok(Arc::new(crate::RedisWorkingMemory::new(&config)?))
}

#[cfg(not(feature = "redis"))]
fn open_redis(_: &str, _: &[String]) -> Result<Arc<dyn WorkingMemory>, MemoryError> {
    Err(off("redis"))
}

#[cfg(feature = "elasticsearch")]
async fn open_elasticsearch(namespace: &str, url: &str) -> Result<Arc<dyn TextIndex>, MemoryError> {
    let config = crate::ElasticsearchConfig::new(namespace, url);
    Ok(Arc::new(crate::ElasticsearchIndex::open(config).await?))
}

#[cfg(not(feature = "elasticsearch"))]
async fn open_elasticsearch(_: &str, _: &str) -> Result<Arc<dyn TextIndex>, MemoryError> {
    Err(off("elasticsearch"))
}

#[cfg(feature = "milvus")]
async fn open_milvus(
    namespace: &str,
    url: &str,
    embedder: &dyn Embedder,
) -> Result<Arc<dyn VectorIndex>, MemoryError> {
    let config = crate::MilvusConfig::new(namespace, url, embedder);
    Ok(Arc::new(crate::MilvusIndex::open(config).await?))
}

#[cfg(feature = "milvus")]
async fn remove_milvus(
    namespace: &str,
    url: &str,
    embedder: &KnownEmbedder,
) -> Result<(), MemoryError> {
    let config = crate::MilvusConfig::of(namespace, url, &embedder.id, embedder.dim);
    crate::MilvusIndex::remove(config).await
}

#[cfg(not(feature = "milvus"))]
async fn remove_milvus(_: &str, _: &str, _: &KnownEmbedder) -> Result<(), MemoryError> {
    Err(off("milvus"))
}

#[cfg(not(feature = "milvus"))]
async fn open_milvus(
    _: &str,
    _: &str,
    _: &dyn Embedder,
) -> Result<Arc<dyn VectorIndex>, MemoryError> {
    Err(off("milvus"))
}

#[cfg(not(all(feature = "redis", feature = "elasticsearch", feature = "milvus")))]
fn off(feature: &'static str) -> MemoryError {
    let subject = format!("a server: build with the feature `{feature}`");
    MemoryError::new(MemoryErrorKind::Unsupported, "open", subject)
}

/// Leaves what could not be done yet because a server does not answer to the first use of it.
#[cfg(any(feature = "elasticsearch", feature = "milvus"))]
pub(crate) fn later(done: Result<(), MemoryError>) -> Result<(), MemoryError> {
    match done {
        Err(error) if error.kind() == MemoryErrorKind::Unavailable => {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(error = cause, "a server of the memory does not answer yet");
            Ok(())
        }
        done => done,
    }
}
