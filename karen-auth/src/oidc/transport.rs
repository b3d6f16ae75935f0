//! How providers are reached.

use async_trait::async_trait;

use super::OidcConfig;
use crate::AuthError;

/// What a provider says to a code.
#[derive(Clone, Debug)]
pub struct TokenAnswer {
    /// The status of its answer.
    pub status: u16,
    /// The body, JSON.
    pub body: Vec<u8>,
}

/// Reaches providers over HTTP. Bodies are a mebibyte at most, redirects are not followed, and a
/// provider that says nothing for ten seconds is `Unavailable`.
#[async_trait]
pub trait OidcTransport: Send + Sync {
    /// The body of a document.
    ///
    /// # Errors
    /// `Unavailable` for anything but status 200.
    async fn get(&self, url: &str) -> Result<Vec<u8>, AuthError>;

    /// Posts a form (RFC 6749 section 4.1.3), with the client's name and secret as HTTP Basic where
    /// it has one.
    ///
    /// # Errors
    /// `Unavailable` when there is no answer.
    async fn exchange(
        &self,
        url: &str,
        client: &OidcConfig,
        form: &[(&str, &str)],
    ) -> Result<TokenAnswer, AuthError>;
}
