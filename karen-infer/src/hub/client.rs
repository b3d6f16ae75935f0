//! The hub's two ways: what there is, and a file from some byte on.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, HeaderMap, RANGE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response, StatusCode, Url};
use tokio::time::timeout;

use super::listing::Listing;
use super::{HubConfig, HubModel};
use crate::{ModelError, ModelErrorKind, RemoteConfig};

/// Hosts that a hub leads to one after another at most.
const REDIRECTIONS_MAX: usize = 8;
/// Bytes of a listing at most: tens of thousands of files.
const LISTING_BYTES_MAX: usize = 32 << 20;

/// A hub, and how it is reached.
pub(crate) struct Hub {
    client: Client,
    url: Url,
    token: Option<String>,
    token_env: Option<String>,
    pub(super) reached: RemoteConfig,
}

impl Hub {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// `Invalid` when the hub's address is none.
    pub(crate) async fn open(hub: &HubConfig, reached: &RemoteConfig) -> Result<Self, ModelError> {
        let url = Url::parse(hub.url.trim_end_matches('/')).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| {
            let why = "the hub's address is none such as https://huggingface.co".to_owned();
            ModelError::new(ModelErrorKind::Invalid(why), "pull from", "the hub")
        })?;
        let token = hub
            .token_env
            .as_ref()
            .and_then(|name| std::env::var(name).ok());
        let config = reached.clone();
        // Reading the machine's certificates takes milliseconds.
        let client = tokio::task::spawn_blocking(move || client(&config)).await;
        Ok(Self {
            client: client.map_err(|e| broken().caused_by(e))??,
            url,
            token: token.filter(|token| !token.trim().is_empty()),
            token_env: hub.token_env.clone(),
            reached: reached.clone(),
        })
    }

    /// What a repository holds at a revision.
    pub(crate) async fn list(&self, model: &HubModel) -> Result<Listing, ModelError> {
        let parts = [&["api", "models"][..], &repository(model), &["revision"]].concat();
        let mut url = self.at(&parts);
        if let Ok(mut path) = url.path_segments_mut() {
            // One segment: a branch may have a slash in its name.
            path.push(&model.revision);
        }
        url.set_query(Some("blobs=true"));
        let mut attempt = 0;
        loop {
            match self.read_listing(url.clone()).await {
                Err(error) if error.kind().is_retryable() && attempt < self.reached.retries => {
                    self.wait(error.kind(), attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn read_listing(&self, url: Url) -> Result<Listing, ModelError> {
        let mut response = self.get(url, 0).await?;
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(&mut response).await? {
            body.extend_from_slice(&chunk);
            if body.len() > LISTING_BYTES_MAX {
                return Err(no_listing());
            }
        }
        Listing::read(&body).ok_or_else(no_listing)
    }

    /// Where a file is at a commit.
    pub(crate) fn file(&self, model: &HubModel, commit: &str, path: &str) -> Url {
        let path: Vec<&str> = path.split('/').collect();
        self.at(&[&repository(model)[..], &["resolve", commit], &path].concat())
    }

    fn at(&self, parts: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// Asks for `url` from byte `from` on. An answer of the whole is one too: see
    /// [`begins_at`].
    pub(super) async fn get(&self, url: Url, from: u64) -> Result<Response, ModelError> {
        let mut request = self.client.get(url);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let Ok(sent) = timeout(self.reached.silence, request.send()).await else {
            return Err(failed(ModelErrorKind::Timeout));
        };
        // Without the address: behind a redirection it has a signature in it.
        let cut =
            |e: reqwest::Error| failed(ModelErrorKind::Unavailable).caused_by(e.without_url());
        let response = sent.map_err(cut)?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(failed(self.refusal(status, response.headers()))),
        }
    }

    /// The next bytes of an answer; `None` at its end.
    pub(super) async fn chunk(
        &self,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, ModelError> {
        let chunk = timeout(self.reached.silence, response.chunk()).await;
        let chunk = chunk.map_err(|_| failed(ModelErrorKind::Timeout))?;
        chunk.map_err(|e| failed(ModelErrorKind::Unavailable).caused_by(e.without_url()))
    }

    /// Waits before the next attempt: as long as the hub says, else longer each time.
    pub(super) async fn wait(&self, failure: &ModelErrorKind, attempt: u32) {
        let usual = self.reached.first_wait * 2_u32.pow(attempt.min(6));
        let wait = match failure {
            ModelErrorKind::RateLimited { wait: Some(wait) } => *wait,
            _ => usual,
        };
        tokio::time::sleep(wait).await;
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap) -> ModelErrorKind {
        match status.as_u16() {
            401 | 403 => ModelErrorKind::Denied(self.denied()),
            404 => {
                let why = "the hub has no such repository, revision or file";
                ModelErrorKind::Invalid(why.to_owned())
            }
            429 => {
                let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
                let wait = wait.and_then(|seconds| seconds.parse().ok());
                ModelErrorKind::RateLimited {
                    wait: wait.map(Duration::from_secs),
                }
            }
            408 | 416 | 500.. => ModelErrorKind::Unavailable,
            _ => ModelErrorKind::Malformed,
        }
    }

    fn denied(&self) -> String {
        match (&self.token_env, &self.token) {
            (_, Some(_)) => {
                "the hub has no such repository, or does not show it to whom the token belongs"
                    .to_owned()
            }
            (Some(name), None) => format!(
                "the hub has no such repository, or shows it to some only: put a token into the \
                 environment variable {name}"
            ),
            (None, None) => {
                "the hub has no such repository, or shows it to some only, and no variable is \
                 named for a token"
                    .to_owned()
            }
        }
    }
}

/// Where the body of an answer begins: 0 unless it says otherwise.
pub(super) fn begins_at(response: &Response) -> u64 {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return 0;
    }
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok()?.strip_prefix("bytes "));
    let first = range.and_then(|range| range.split('-').next()?.parse().ok());
    first.unwrap_or(0)
}

fn repository(model: &HubModel) -> Vec<&str> {
    model.repository.split('/').collect()
}

fn client(config: &RemoteConfig) -> Result<Client, ModelError> {
    let follow = Policy::custom(|attempt| {
        let was_secret = attempt.previous().iter().any(|url| url.scheme() == "https");
        if attempt.previous().len() > REDIRECTIONS_MAX {
            attempt.error("too many redirections")
        } else if was_secret && attempt.url().scheme() != "https" {
            attempt.error("a redirection from https to http")
        } else {
            attempt.follow()
        }
    });
    let builder = Client::builder()
        .connect_timeout(config.connect)
        .redirect(follow)
        .user_agent(concat!("karen-infer/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    let builder = match &config.proxy {
        None => builder,
        Some(url) => builder.proxy(Proxy::all(url).map_err(|e| broken().caused_by(e))?),
    };
    builder.build().map_err(|e| broken().caused_by(e))
}

pub(super) fn failed(kind: ModelErrorKind) -> ModelError {
    ModelError::new(kind, "pull from", "the hub")
}

fn no_listing() -> ModelError {
    failed(ModelErrorKind::Malformed)
}

fn broken() -> ModelError {
    ModelError::new(ModelErrorKind::Internal, "open", "the HTTP client")
}
