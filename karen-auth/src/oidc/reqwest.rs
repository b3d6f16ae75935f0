//! Providers over HTTP, through reqwest.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::{OidcConfig, OidcTransport, TokenAnswer};
use crate::{AuthError, AuthErrorKind};

const TIMEOUT: Duration = Duration::from_secs(10);
const BODY_BYTES_MAX: usize = 1 << 20;

/// Reaches providers with TLS that the system's certificate authorities vouch for.
#[derive(Clone, Debug)]
pub struct HttpTransport(Client);

impl HttpTransport {
    /// A client.
    ///
    /// # Errors
    /// `Internal` when the system has no usable TLS.
    pub fn new() -> Result<Self, AuthError> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .build();
        let client = client.map_err(|e| {
            let reason = "the system's certificates cannot be read";
            AuthError::new(AuthErrorKind::Internal, "reach providers", reason).caused_by(e)
        })?;
        Ok(Self(client))
    }
}

#[async_trait]
impl OidcTransport for HttpTransport {
    async fn get(&self, url: &str) -> Result<Vec<u8>, AuthError> {
        let answer = self.0.get(url).send().await.map_err(silent)?;
        if answer.status() != 200 {
            let reason = format!("{url} answers {}", answer.status());
            return Err(AuthError::new(
                AuthErrorKind::Unavailable,
                "ask the provider",
                reason,
            ));
        }
        body(answer).await
    }

    async fn exchange(
        &self,
        url: &str,
        client: &OidcConfig,
        form: &[(&str, &str)],
    ) -> Result<TokenAnswer, AuthError> {
        let mut request = self.0.post(url).form(form);
        if let Some(secret) = &client.client_secret {
            request = request.basic_auth(&client.client_id, Some(secret.expose()));
        }
        let answer = request.send().await.map_err(silent)?;
        Ok(TokenAnswer {
            status: answer.status().as_u16(),
            body: body(answer).await?,
        })
    }
}

async fn body(mut answer: Response) -> Result<Vec<u8>, AuthError> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(silent)? {
        body.extend_from_slice(&piece);
        if body.len() > BODY_BYTES_MAX {
            let reason = "its answer is over a mebibyte";
            return Err(AuthError::new(
                AuthErrorKind::Unavailable,
                "ask the provider",
                reason,
            ));
        }
    }
    Ok(body)
}

fn silent(error: reqwest::Error) -> AuthError {
    let reason = "it does not answer: try again later";
    AuthError::new(AuthErrorKind::Unavailable, "ask the provider", reason)
        .caused_by(error.without_url())
}
