//! Requests about one collection, and what can go wrong with them.

use std::time::Duration;

use ::milvus::v2::prelude::{
    ClientV2, ConnectConfig, ConsistencyLevel, CreateCollectionRequest, DeleteRequest,
    DropCollectionRequest, Error, HasCollectionRequest, Ids, InsertRequest, LoadCollectionRequest,
    MetricType, QueryRequest, RetryConfig, SearchRequest, SearchVectors, TelemetryConfig,
    UpsertRequest,
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::MilvusConfig;
use super::row::{OwnerKey, Row, named, owned};
use super::schema::{VERSION, index, schema};
use crate::{MemoryError, MemoryErrorKind};

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Answers that Milvus gives at once.
const NEAREST_MAX: usize = 16_384;
/// Milvus's code of a collection that does not exist.
const NO_COLLECTION: i32 = 100;
pub(super) struct Collection {
    connect: ConnectConfig,
    /// Made when the server answers for the first time, and the collection with it.
    client: OnceCell<ClientV2>,
    /// The name without the version.
    family: String,
    dim: u32,
}

/// How far a user's log has been applied.
pub(super) struct Mark {
    pub(super) sequence: i64,
    /// The record that the log has there.
    pub(super) record: Option<String>,
}

impl Collection {
    /// Connects to nothing yet.
    pub(super) fn new(config: MilvusConfig) -> Result<Self, MemoryError> {
        let mut connect = ConnectConfig::new()
            .uri(&config.url)
            .connect_timeout(CONNECT_MAX)
            .rpc_timeout(ANSWER_MAX)
            // What to try again is the caller's to say.
            .retry(RetryConfig::new().max_attempts(1))
            .telemetry(TelemetryConfig::new().enabled(false));
        if let Some(token) = &config.token {
            connect = connect.token(token);
        }
        let dim = u32::try_from(config.dim).map_err(|error| {
            let subject = format!("vectors of {} numbers", config.dim);
            MemoryError::new(MemoryErrorKind::Invalid, "open", subject).caused_by(error)
        })?;
        Ok(Self {
            connect,
            client: OnceCell::new(),
            family: config.collection,
            dim,
        })
    }

    pub(super) async fn ping(&self) -> Result<(), MemoryError> {
        let client = self.client().await?;
        self.exists(client, &self.name()).await.map(drop)
    }

    pub(super) async fn mark(&self, owner: &OwnerKey) -> Result<Option<Mark>, MemoryError> {
        let client = self.client().await?;
        match self.query_mark(client, owner).await {
            Err(Error::Server(error)) if error.code() == NO_COLLECTION => {
                // Somebody dropped it: it is made again, and filled from the records.
                self.create(client).await?;
                Ok(None)
            }
            answer => answer.map_err(|e| failed("read", e)),
        }
    }

    /// Drops everything of a user.
    pub(super) async fn forget(&self, owner: &OwnerKey) -> Result<(), MemoryError> {
        self.delete_where(owned(owner)).await
    }

    pub(super) async fn put(&self, rows: &[Row]) -> Result<(), MemoryError> {
        let rows: Vec<Value> = rows.iter().map(|row| json!(row)).collect();
        let of = |e| failed("write", e);
        let insert = InsertRequest::builder().collection_name(self.name());
        let insert = insert.rows(rows).build().map_err(of)?;
        let request = UpsertRequest::builder()
            .insert(insert)
            .build()
            .map_err(of)?;
        self.client()
            .await?
            .upsert(request)
            .await
            .map(drop)
            .map_err(of)
    }

    pub(super) async fn delete(&self, names: &[String]) -> Result<(), MemoryError> {
        self.delete_where(named(names)).await
    }

    async fn delete_where(&self, admitted: String) -> Result<(), MemoryError> {
        let of = |e| failed("delete", e);
        let request = DeleteRequest::builder()
            .collection_name(self.name())
            .filter(admitted)
            .build()
            .map_err(of)?;
        let client = self.client().await?;
        client.delete(request).await.map(drop).map_err(of)
    }

    /// Names of the admitted rows nearest to a vector, with their dot products.
    pub(super) async fn nearest(
        &self,
        vector: &[f32],
        admitted: String,
        limit: usize,
    ) -> Result<Vec<(String, f32)>, MemoryError> {
        let of = |e| failed("search", e);
        let request = SearchRequest::builder()
            .collection_name(self.name())
            .vector_field("vector")
            .vectors(SearchVectors::Float(vec![vector.to_vec()]))
            .filter(admitted)
            .limit(limit.min(NEAREST_MAX) as i64)
            .metric_type(MetricType::Ip)
            .consistency_level(ConsistencyLevel::Strong)
            .build()
            .map_err(of)?;
        let answer = self.client().await?.search(request).await.map_err(of)?;
        let found = answer.results().iter().flat_map(|found| {
            let names = match found.get_ids() {
                Ids::VarChar(names) => &names[..],
                _ => &[],
            };
            let scores = found.get_scores().iter().copied();
            names.iter().cloned().zip(scores)
        });
        Ok(found.collect())
    }

    pub(super) async fn clear(&self) -> Result<(), MemoryError> {
        let client = self.client().await?;
        self.drop_collection(client, &self.name()).await?;
        self.create(client).await
    }

    /// Drops the collection, and makes no other.
    pub(super) async fn remove(&self) -> Result<(), MemoryError> {
        let client = self.connect().await?;
        for version in 0..=VERSION {
            let name = self.named(version);
            if self.exists(&client, &name).await? {
                self.drop_collection(&client, &name).await?;
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<ClientV2, MemoryError> {
        let client = ClientV2::new(&self.connect).await;
        client.map_err(|e| failed("open", e))
    }

    async fn client(&self) -> Result<&ClientV2, MemoryError> {
        let connect = async || {
            let client = self.connect().await?;
            self.drop_older(&client).await?;
            self.create(&client).await?;
            Ok(client)
        };
        self.client.get_or_try_init(connect).await
    }

    async fn query_mark(&self, client: &ClientV2, owner: &OwnerKey) -> Result<Option<Mark>, Error> {
        let request = QueryRequest::builder()
            .collection_name(self.name())
            .filter(named(&[owner.mark().to_owned()]))
            .output_fields(["mark", "source"])
            .consistency_level(ConsistencyLevel::Strong)
            .build()?;
        let answer = client.query(request).await?;
        let Some(row) = answer.results().rows()?.next() else {
            return Ok(None);
        };
        let record = row.get_str("source")?;
        Ok(Some(Mark {
            sequence: row.get_i64("mark")?,
            record: Some(record.to_owned()).filter(|record| !record.is_empty()),
        }))
    }

    /// Drops what older programs made.
    ///
    /// # Errors
    /// `TooNew` when a newer one has been here.
    async fn drop_older(&self, client: &ClientV2) -> Result<(), MemoryError> {
        if self.exists(client, &self.named(VERSION + 1)).await? {
            return Err(too_new());
        }
        for version in 0..VERSION {
            let name = self.named(version);
            if self.exists(client, &name).await? {
                self.drop_collection(client, &name).await?;
            }
        }
        Ok(())
    }

    async fn exists(&self, client: &ClientV2, name: &str) -> Result<bool, MemoryError> {
        let of = |e| failed("ask for", e);
        let request = HasCollectionRequest::builder().collection_name(name);
        let request = request.build().map_err(of)?;
        let answer = client.has_collection(request).await.map_err(of)?;
        Ok(answer.exists())
    }

    fn name(&self) -> String {
        self.named(VERSION)
    }

    /// The first form had no version in its name.
    fn named(&self, version: u32) -> String {
        match version {
            0 => self.family.clone(),
            _ => format!("{}_v{version}", self.family),
        }
    }

    async fn drop_collection(&self, client: &ClientV2, name: &str) -> Result<(), MemoryError> {
        let of = |e| failed("drop", e);
        let request = DropCollectionRequest::builder().collection_name(name);
        let request = request.build().map_err(of)?;
        client.drop_collection(request).await.map_err(of)
    }

    /// Makes the collection, unless it exists, and loads it.
    async fn create(&self, client: &ClientV2) -> Result<(), MemoryError> {
        let of = |e| failed("create", e);
        if !self.exists(client, &self.name()).await? {
            let request = CreateCollectionRequest::builder()
                .collection_name(self.name())
                .schema(schema(self.dim))
                .consistency_level(ConsistencyLevel::Strong)
                .index_param(index())
                .build()
                .map_err(of)?;
            client.create_collection(request).await.map_err(of)?;
        }
        let request = LoadCollectionRequest::builder().collection_name(self.name());
        let request = request.build().map_err(of)?;
        client.load_collection(request).await.map_err(of)
    }
}

fn too_new() -> MemoryError {
    let subject = format!("vectors in Milvus (this program knows form {VERSION})");
    MemoryError::new(MemoryErrorKind::TooNew, "open", subject)
}

fn failed(operation: &'static str, error: Error) -> MemoryError {
    let kind = match &error {
        Error::Validation(_) => MemoryErrorKind::Invalid,
        Error::Conversion(_) | Error::MalformedResponse(_) => MemoryErrorKind::Internal,
        _ => MemoryErrorKind::Unavailable,
    };
    MemoryError::new(kind, operation, "vectors in Milvus").caused_by(error)
}
