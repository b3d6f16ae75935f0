//! Requests to a provider, tried again where that is of use.

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::failure::Failure;
use super::retry::{self, RetryBudget};
use super::wire::{Call, malformed};
use crate::{ModelError, ModelErrorKind, RemoteConfig};

/// Bytes of a refusal that are read at most.
const REFUSAL_BYTES_MAX: usize = 64 << 10;
/// Bytes of an answer that comes whole: 2,048 embeddings of 4,096 numbers as JSON, twice.
const WHOLE_BYTES_MAX: usize = 256 << 20;

/// The connections to all providers, opened when first needed.
pub(crate) struct Connections {
    config: RemoteConfig,
    client: OnceCell<Client>,
}

/// Asks one endpoint.
pub(super) struct Endpoint {
    connections: Arc<Connections>,
    url: String,
    budget: RetryBudget,
}

impl Connections {
    pub(crate) fn new(config: RemoteConfig) -> Self {
        Self {
            config,
            client: OnceCell::new(),
        }
    }

    pub(super) fn config(&self) -> &RemoteConfig {
        &self.config
    }

    async fn client(&self) -> Result<&Client, ModelError> {
        let open = || async {
            let config = self.config.clone();
            let opened = tokio::task::spawn_blocking(move || open(&config)).await;
            opened.map_err(|e| broken().caused_by(e))?
        };
        self.client.get_or_try_init(open).await
    }
}

fn open(config: &RemoteConfig) -> Result<Client, ModelError> {
    let builder = Client::builder()
        .connect_timeout(config.connect)
        // A redirection would carry the key to another host.
        .redirect(Policy::none())
        .user_agent(concat!("karen-infer/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    let builder = match &config.proxy {
        None => builder,
        Some(url) => builder.proxy(Proxy::all(url).map_err(|e| {
            let why = "the address of the proxy is none".to_owned();
            ModelError::new(ModelErrorKind::Invalid(why), "use", "the proxy").caused_by(e)
        })?),
    };
    builder.build().map_err(|e| broken().caused_by(e))
}

fn broken() -> ModelError {
    ModelError::new(ModelErrorKind::Internal, "open", "the HTTP client")
}

impl Endpoint {
    pub(super) fn new(connections: Arc<Connections>, url: &str) -> Self {
        Self {
            connections,
            url: url.to_owned(),
            budget: RetryBudget::default(),
        }
    }

    /// Sends a request until it succeeds, or fails for good.
    pub(super) async fn post(
        &self,
        call: &Call,
        key: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, ModelError> {
        let client = self.connections.client().await?;
        let config = self.connections.config();
        let mut attempt = 0;
        loop {
            let failure = match self.send(client, call, key.clone()).await {
                Ok(response) => {
                    self.budget.succeeded();
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            let may_retry = failure.may_retry && self.budget.failed();
            if !may_retry || attempt == config.retries {
                return Err(failure.error);
            }
            let usual = || retry::wait(config.first_wait, attempt);
            tokio::time::sleep(failure.wait.unwrap_or_else(usual)).await;
            attempt += 1;
        }
    }

    async fn send(
        &self,
        client: &Client,
        call: &Call,
        key: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, Failure> {
        let silence = self.connections.config().silence;
        let mut request = client
            .post(format!("{}/{}", self.url, call.path))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/json")
            .body(call.body.clone());
        if let Some((name, value)) = key {
            request = request.header(name, value);
        }
        let Ok(sent) = timeout(silence, request.send()).await else {
            return Err(Failure::passing(ModelErrorKind::Timeout));
        };
        let response =
            sent.map_err(|e| Failure::passing(ModelErrorKind::Unavailable).caused_by(e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        // The status says enough where the rest cannot be read.
        let body = self.read(response, REFUSAL_BYTES_MAX).await;
        Err(Failure::of(status, &headers, &body.unwrap_or_default()))
    }

    /// The body of an answer that comes whole.
    pub(super) async fn whole(&self, response: Response) -> Result<Vec<u8>, ModelError> {
        self.read(response, WHOLE_BYTES_MAX).await
    }

    async fn read(&self, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, ModelError> {
        let silence = self.connections.config().silence;
        let failed = |kind| ModelError::new(kind, "read", "the provider's answer");
        let mut body = Vec::new();
        loop {
            let chunk = timeout(silence, response.chunk()).await;
            let chunk = chunk.map_err(|_| failed(ModelErrorKind::Timeout))?;
            let cut =
                |e: reqwest::Error| failed(ModelErrorKind::Unavailable).caused_by(e.without_url());
            let Some(chunk) = chunk.map_err(cut)? else {
                return Ok(body);
            };
            if body.len() + chunk.len() > bytes_max {
                return Err(malformed("it is longer than any answer may be"));
            }
            body.extend_from_slice(&chunk);
        }
    }
}
