//! The refresh token as a cookie that scripts cannot read and other sites cannot send.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Says whether the browser spoke TLS: set by the proxy in front, or by Karen where it speaks TLS.
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const NAME: &str = "karen_refresh";
/// Over TLS: browsers take a cookie of this name from this very host only, and send it over TLS
/// only (RFC 6265bis section 4.1.3.2).
const SECURE_NAME: &str = "__Host-karen_refresh";

/// A `Set-Cookie` that keeps `token` in the browser for `lifetime`.
pub(crate) fn keep(token: &str, lifetime: Duration, headers: &HeaderMap) -> HeaderValue {
    set_cookie(token, lifetime.as_secs(), headers)
}

/// A `Set-Cookie` that makes the browser forget the token.
pub(crate) fn forget(headers: &HeaderMap) -> HeaderValue {
    set_cookie("", 0, headers)
}

/// The token that a request's cookie holds.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| [NAME, SECURE_NAME].contains(name))
        .map(|(_, token)| token)
}

fn set_cookie(token: &str, seconds: u64, headers: &HeaderMap) -> HeaderValue {
    let (name, place) = match is_https(headers) {
        true => (SECURE_NAME, "Path=/; Secure"),
        false => (NAME, "Path=/api/v1/auth"),
    };
    let text = format!("{name}={token}; {place}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&text).expect("tokens are plain ASCII")
}

/// Whether the browser spoke TLS, to Karen or to a proxy in front. Whoever forges the header marks their own
/// cookie as secure, which harms nobody.
fn is_https(headers: &HeaderMap) -> bool {
    headers
        .get(FORWARDED_PROTO)
        .is_some_and(|scheme| scheme == "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back() {
        let set = keep("abc.def", Duration::from_secs(60), &HeaderMap::new());
        assert_eq!(
            set,
            "karen_refresh=abc.def; Path=/api/v1/auth; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_static("other=1; karen_refresh=abc.def"),
        );
        assert_eq!(token(&headers), Some("abc.def"));
    }

    #[test]
    fn behind_tls_the_cookie_belongs_to_this_host_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let set = keep("abc.def", Duration::from_secs(60), &headers);
        assert_eq!(
            set,
            "__Host-karen_refresh=abc.def; Path=/; Secure; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        headers.insert(
            COOKIE,
            HeaderValue::from_static("__Host-karen_refresh=abc.def"),
        );
        assert_eq!(token(&headers), Some("abc.def"));
    }
}
