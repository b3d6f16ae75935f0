//! Requests to Elasticsearch, and what can go wrong with them.

use std::fmt;
use std::time::Duration;

use ::elasticsearch::Elasticsearch;
use ::elasticsearch::http::Method;
use ::elasticsearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ::elasticsearch::http::transport::Transport;
use serde_json::{Value, json};

use super::document::OwnerKey;
use super::schema::{VERSION, schema};
use crate::{MemoryError, MemoryErrorKind};

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Bytes of documents that are sent at once, about.
const BULK_BYTES: usize = 8 * 1024 * 1024;
const REQUIRE_ALIAS: (&str, &str) = ("require_alias", "true");

/// Which index of which server.
#[derive(Clone)]
pub struct ElasticsearchConfig {
    /// `http://user:password@host:port`.
    pub url: String,
    /// The name of the index, which is this memory's alone. It is an alias of one that ends in a
    /// number.
    pub index: String,
}

impl ElasticsearchConfig {
    /// The index of the words of a namespace.
    #[must_use]
    pub fn new(namespace: &str, url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            index: format!("{namespace}-words"),
        }
    }
}

/// The address may carry a password.
impl fmt::Debug for ElasticsearchConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElasticsearchConfig")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

pub(super) struct Client {
    server: Elasticsearch,
    index: String,
}

impl Client {
    pub(super) fn new(config: ElasticsearchConfig) -> Result<Self, MemoryError> {
        let transport = Transport::single_node(&config.url).map_err(|error| {
            let subject = "Elasticsearch at that address";
            MemoryError::new(MemoryErrorKind::Invalid, "open", subject).caused_by(error)
        })?;
        Ok(Self {
            server: Elasticsearch::new(transport),
            index: config.index,
        })
    }

    pub(super) async fn ping(&self) -> Result<(), MemoryError> {
        let path = format!("{}/_count", self.index);
        let request = Request::new("ask", Method::Get, &path, String::new());
        match self.send(request).await? {
            // It is made at its next use.
            (404, _) => Ok(()),
            (status, answer) => accepted("ask", status, answer).map(drop),
        }
    }

    /// Makes the index, unless it exists, and drops what older programs made.
    ///
    /// # Errors
    /// `TooNew` when a newer one has been here.
    pub(super) async fn create(&self) -> Result<(), MemoryError> {
        for version in self.versions().await? {
            if version > VERSION {
                return Err(too_new(version));
            }
            if version < VERSION {
                self.delete(version).await?;
            }
        }
        let (index, body) = (self.numbered(VERSION), schema(&self.index).to_string());
        let request = Request::new("create", Method::Put, &index, body);
        let (status, answer) = self.send(request).await?;
        match answer["error"]["type"].as_str() {
            Some("resource_already_exists_exception") => Ok(()),
            _ => accepted("create", status, answer).map(drop),
        }
    }

    /// Drops the index, if it exists, and makes it again.
    pub(super) async fn clear(&self) -> Result<(), MemoryError> {
        self.delete(VERSION).await?;
        self.create().await
    }

    /// Which versions of the index there are.
    async fn versions(&self) -> Result<Vec<u32>, MemoryError> {
        let path = format!("{}-*/_alias", self.index);
        let request = Request::new("list", Method::Get, &path, String::new());
        let answer = self.ask(request).await?;
        let names = answer
            .as_object()
            .into_iter()
            .flat_map(|found| found.keys());
        let version = |name: &String| {
            let (_, version) = name.rsplit_once('-')?;
            version.parse::<u32>().ok()
        };
        Ok(names.filter_map(version).collect())
    }

    async fn delete(&self, version: u32) -> Result<(), MemoryError> {
        let index = self.numbered(version);
        let request = Request::new("delete", Method::Delete, &index, String::new());
        match self.send(request).await? {
            (404, _) => Ok(()),
            (status, answer) => accepted("delete", status, answer).map(drop),
        }
    }

    fn numbered(&self, version: u32) -> String {
        format!("{}-{version}", self.index)
    }

    /// The documents of these names as they were last written, in order.
    pub(super) async fn get(
        &self,
        owner: &OwnerKey,
        names: Vec<String>,
    ) -> Result<Vec<Option<Value>>, MemoryError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let path = format!("{}/_mget", self.index);
        let body = json!({"ids": names}).to_string();
        let request = Request::new("get", Method::Post, &path, body).of(owner);
        let mut answer = self.ask(request).await?;
        let documents = answer["docs"].as_array_mut().map(std::mem::take);
        let mut documents = documents.unwrap_or_default();
        if documents
            .iter()
            .any(|d| d["error"]["type"] == "index_not_found_exception")
        {
            // Somebody deleted it: it is made again, and filled from the records.
            self.create().await?;
        }
        let source = |document: &mut Value| match document["_source"].take() {
            Value::Null => None,
            source => Some(source),
        };
        Ok(documents.iter_mut().map(source).collect())
    }

    /// The hits of a query among a user's documents.
    pub(super) async fn search(
        &self,
        owner: &OwnerKey,
        query: &Value,
    ) -> Result<Vec<Value>, MemoryError> {
        let path = format!("{}/_search", self.index);
        let mut request = Request::new("search", Method::Post, &path, query.to_string()).of(owner);
        request
            .parameters
            .push(("include_named_queries_score", "true"));
        let mut answer = self.ask(request).await?;
        let hits = answer["hits"]["hits"].as_array_mut().map(std::mem::take);
        Ok(hits.unwrap_or_default())
    }

    /// Writes documents and deletes those that have become nothing; searches see them then.
    pub(super) async fn write(
        &self,
        owner: &OwnerKey,
        documents: &[(String, Option<Value>)],
    ) -> Result<(), MemoryError> {
        let mut lines = String::new();
        for (i, (name, document)) in documents.iter().enumerate() {
            match document {
                Some(document) => {
                    lines += &format!("{}\n{document}\n", json!({"index": {"_id": name}}));
                }
                None => lines += &format!("{}\n", json!({"delete": {"_id": name}})),
            }
            if lines.len() > BULK_BYTES || i + 1 == documents.len() {
                self.bulk(owner, std::mem::take(&mut lines)).await?;
            }
        }
        if documents.is_empty() {
            return Ok(());
        }
        let path = format!("{}/_refresh", self.index);
        let refresh = Request::new("refresh", Method::Post, &path, String::new());
        self.ask(refresh).await.map(drop)
    }

    /// Writes a document that is got by its name.
    pub(super) async fn put(
        &self,
        owner: &OwnerKey,
        name: String,
        document: &Value,
    ) -> Result<(), MemoryError> {
        let path = format!("{}/_doc/{name}", self.index);
        let mut request = Request::new("write", Method::Put, &path, document.to_string()).of(owner);
        request.parameters.push(REQUIRE_ALIAS);
        self.ask(request).await.map(drop)
    }

    async fn bulk(&self, owner: &OwnerKey, lines: String) -> Result<(), MemoryError> {
        let path = format!("{}/_bulk", self.index);
        let mut request = Request::new("write", Method::Post, &path, lines).of(owner);
        request.parameters.push(REQUIRE_ALIAS);
        request.content_type = "application/x-ndjson";
        let answer = self.ask(request).await?;
        let items = answer["items"].as_array().into_iter().flatten();
        let outcomes = items.flat_map(|item| item.as_object().into_iter().flatten());
        for (_, outcome) in outcomes {
            if !outcome["error"].is_null() {
                let status = outcome["status"].as_u64().unwrap_or_default();
                return Err(refused("write", status, outcome));
            }
        }
        Ok(())
    }

    async fn ask(&self, request: Request<'_>) -> Result<Value, MemoryError> {
        let operation = request.operation;
        let (status, answer) = self.send(request).await?;
        accepted(operation, status, answer)
    }

    async fn send(&self, request: Request<'_>) -> Result<(u64, Value), MemoryError> {
        let of = |error: ::elasticsearch::Error| {
            let subject = "words in Elasticsearch";
            MemoryError::new(MemoryErrorKind::Unavailable, request.operation, subject)
                .caused_by(error)
        };
        let content = HeaderValue::from_static(request.content_type);
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content)]);
        let body = Some(request.body).filter(|body| !body.is_empty());
        let answer = self
            .server
            .send(
                request.method,
                request.path,
                headers,
                Some(&request.parameters),
                body,
                Some(ANSWER_MAX),
            )
            .await
            .map_err(of)?;
        let status = u64::from(answer.status_code().as_u16());
        let body = answer.json().await.map_err(of)?;
        Ok((status, body))
    }
}

struct Request<'a> {
    operation: &'static str,
    method: Method,
    path: &'a str,
    parameters: Vec<(&'static str, &'a str)>,
    content_type: &'static str,
    body: String,
}

impl<'a> Request<'a> {
    fn new(operation: &'static str, method: Method, path: &'a str, body: String) -> Self {
        Self {
            operation,
            method,
            path,
            parameters: Vec::new(),
            content_type: "application/json",
            body,
        }
    }

    /// Of one user's documents.
    fn of(mut self, owner: &'a OwnerKey) -> Self {
        self.parameters.push(("routing", owner.as_str()));
        self
    }
}

fn too_new(version: u32) -> MemoryError {
    let subject = format!("words in Elasticsearch (form {version}, this program knows {VERSION})");
    MemoryError::new(MemoryErrorKind::TooNew, "open", subject)
}

fn accepted(operation: &'static str, status: u64, answer: Value) -> Result<Value, MemoryError> {
    match status {
        200..=299 => Ok(answer),
        _ => Err(refused(operation, status, &answer)),
    }
}

/// Names the kind of an error alone: its reason may quote what was asked.
fn refused(operation: &'static str, status: u64, answer: &Value) -> MemoryError {
    let name = answer["error"]["type"].as_str().unwrap_or("unknown");
    let subject = format!("words in Elasticsearch (status {status}, {name})");
    let kind = match status {
        400 | 409 => MemoryErrorKind::Internal,
        401 | 403 => MemoryErrorKind::Invalid,
        _ => MemoryErrorKind::Unavailable,
    };
    MemoryError::new(kind, operation, subject)
}
