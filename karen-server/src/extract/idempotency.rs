//! The name that a caller gives to a request, so that sending it again does nothing more.

use axum::http::HeaderMap;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The header `Idempotency-Key`, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get(IDEMPOTENCY_KEY)?;
    Some(String::from_utf8_lossy(key.as_bytes()).into_owned())
}
