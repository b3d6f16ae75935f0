//! What is fetched over HTTP: whole, bounded, and from nowhere else than was asked.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::{AuthError, AuthErrorKind};

const TIMEOUT: Duration = Duration::from_secs(10);
const BODY_BYTES_MAX: usize = 1 << 20;

/// A client that follows no redirect and waits ten seconds at most, with TLS that the system's
/// certificate authorities vouch for.
///
/// # Errors
/// `Internal` when the system has no usable TLS.
pub(crate) fn client(operation: &'static str) -> Result<Client, AuthError> {
    let client = Client::builder()
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .build();
    client.map_err(|e| {
        let reason = "the system's certificates cannot be read";
        AuthError::new(AuthErrorKind::Internal, operation, reason).caused_by(e)
    })
}

/// The body of an answer, a mebibyte at most.
///
/// # Errors
/// `Unavailable` when it is longer, or is broken off.
pub(crate) async fn body(
    operation: &'static str,
    mut answer: Response,
) -> Result<Vec<u8>, AuthError> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| silent(operation, e))? {
        body.extend_from_slice(&piece);
        if body.len() > BODY_BYTES_MAX {
            let reason = "its answer is over a mebibyte";
            let kind = AuthErrorKind::Unavailable;
            return Err(AuthError::new(kind, operation, reason));
        }
    }
    Ok(body)
}

pub(crate) fn silent(operation: &'static str, error: reqwest::Error) -> AuthError {
    let reason = "it does not answer: try again later";
    AuthError::new(AuthErrorKind::Unavailable, operation, reason).caused_by(error.without_url())
}
