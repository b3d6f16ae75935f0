//! Providers over HTTP, through reqwest.

use async_trait::async_trait;
use reqwest::Client;

use super::{OidcConfig, OidcTransport, TokenAnswer};
use crate::http::{body, client, silent};
use crate::{AuthError, AuthErrorKind};

const ASK: &str = "ask the provider";

/// Reaches providers with TLS that the system's certificate authorities vouch for.
#[derive(Clone, Debug)]
pub struct HttpTransport(Client);

impl HttpTransport {
    /// A client.
    ///
    /// # Errors
    /// `Internal` when the system has no usable TLS.
    pub fn new() -> Result<Self, AuthError> {
        client("reach providers").map(Self)
    }
}

#[async_trait]
impl OidcTransport for HttpTransport {
    async fn get(&self, url: &str) -> Result<Vec<u8>, AuthError> {
        let answer = self.0.get(url).send().await.map_err(|e| silent(ASK, e))?;
        if answer.status() != 200 {
            let reason = format!("{url} answers {}", answer.status());
            return Err(AuthError::new(AuthErrorKind::Unavailable, ASK, reason));
        }
        body(ASK, answer).await
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
        let answer = request.send().await.map_err(|e| silent(ASK, e))?;
        Ok(TokenAnswer {
            status: answer.status().as_u16(),
            body: body(ASK, answer).await?,
        })
    }
}
