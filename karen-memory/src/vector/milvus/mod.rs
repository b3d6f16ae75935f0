//! Vectors in Milvus: exact scans of a user's part of one collection for each embedder.

mod collection;
mod row;
mod schema;

use std::fmt;

use async_trait::async_trait;

use super::{VectorChange, VectorIndex};
use crate::segments::Change;
use crate::servers::later;
use crate::{Embedder, Filter, MemoryError, RecordId, Scope};
use collection::Collection;
use row::{OwnerKey, Row, digest};

/// Rows written at once.
const ROWS_MAX: usize = 1_000;
/// Equals that the last place is chosen among: Milvus does not order them.
const EQUALS_MAX: usize = 32;

/// Which collection of which server.
#[derive(Clone)]
pub struct MilvusConfig {
    /// `http://host:port`.
    pub url: String,
    /// `user:password` or a key, where the server asks for one.
    pub token: Option<String>,
    /// The name of the collection, which is this memory's alone, but for the version at its end.
    pub collection: String,
    /// Numbers in a vector.
    pub dim: usize,
}

impl MilvusConfig {
    /// A collection for the vectors of one embedder, which those of another are not compared with. The
    /// address may hold `user:password@` before the host.
    #[must_use]
    pub fn new(namespace: &str, url: impl Into<String>, embedder: &dyn Embedder) -> Self {
        Self::of(namespace, url, embedder.id(), embedder.dim())
    }

    pub(crate) fn of(namespace: &str, url: impl Into<String>, embedder: &str, dim: usize) -> Self {
        let (url, token) = without_credentials(url.into());
        Self {
            url,
            token,
            collection: format!("{namespace}_vectors_{}", &digest(&[embedder])[..16]),
            dim,
        }
    }
}

/// Milvus takes a name and a password apart from the address.
fn without_credentials(url: String) -> (String, Option<String>) {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (credentials, host) = rest.rsplit_once('@')?;
        Some((format!("{scheme}://{host}"), Some(credentials.to_owned())))
    });
    parts.unwrap_or((url, None))
}

/// Addresses and tokens may carry passwords.
impl fmt::Debug for MilvusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MilvusConfig")
            .field("collection", &self.collection)
            .field("dim", &self.dim)
            .finish_non_exhaustive()
    }
}

/// Vectors of every user in one collection of a Milvus server.
pub struct MilvusIndex {
    collection: Collection,
    dim: usize,
}

impl MilvusIndex {
    /// Makes the collection where there is none; while the server does not answer, that is left to
    /// the first call that it answers.
    ///
    /// # Errors
    /// `Invalid` for an address that is none.
    pub async fn open(config: MilvusConfig) -> Result<Self, MemoryError> {
        let dim = config.dim;
        let collection = Collection::new(config)?;
        later(collection.ping().await)?;
        Ok(Self { collection, dim })
    }

    /// Drops a collection that nobody uses any more, in every form that it had.
    pub(crate) async fn remove(config: MilvusConfig) -> Result<(), MemoryError> {
        Collection::new(config)?.remove().await
    }
}

#[async_trait]
impl VectorIndex for MilvusIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        let mark = self.collection.mark(&OwnerKey::of(scope)).await?;
        Ok(mark.map_or(0, |mark| mark.sequence))
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        let owner = OwnerKey::of(scope);
        match self.collection.mark(&owner).await? {
            Some(mark) if mark.record.as_deref() != marked.map(RecordId::as_str) => {
                self.collection.forget(&owner).await
            }
            _ => Ok(()),
        }
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<VectorChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        let owner = OwnerKey::of(scope);
        let marked = changes.last().map(|change| change.id().clone());
        let (rows, gone) = row::outcome(&owner, changes);
        for names in gone.chunks(ROWS_MAX) {
            self.collection.delete(names).await?;
        }
        for rows in rows.chunks(ROWS_MAX) {
            self.collection.put(rows).await?;
        }
        let mark = Row::mark(&owner, mark, marked.as_ref(), self.dim);
        self.collection.put(&[mark]).await
    }

    async fn search(
        &self,
        scope: &Scope,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let admitted = row::admitting(&OwnerKey::of(scope), filter);
        let count = limit.saturating_add(EQUALS_MAX);
        let found = self.collection.nearest(vector, admitted, count).await?;
        let read = |(name, score): (String, f32)| Ok((row::record(&name)?, score));
        let found: Result<Vec<(RecordId, f32)>, MemoryError> =
            found.into_iter().map(read).collect();
        let mut found = found?;
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.truncate(limit);
        Ok(found)
    }

    fn server(&self) -> Option<&'static str> {
        Some("milvus")
    }

    async fn ping(&self) -> Result<(), MemoryError> {
        self.collection.ping().await
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.collection.clear().await
    }
}
