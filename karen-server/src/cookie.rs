//! Cookies, which scripts cannot read: the refresh token, and what a browser takes along to a provider.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Says whether the browser spoke TLS: set by the proxy in front, or by Karen where it speaks TLS.
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The refresh token, which other sites cannot send.
const REFRESH: Cookie = Cookie {
    name: "karen_refresh",
    secure_name: "__Host-karen_refresh",
    path: "/api/v1/auth",
    same_site: "Strict",
};
/// Tells that somebody has logged in from here before. It opens nothing.
const DEVICE: Cookie = Cookie {
    name: "karen_device",
    secure_name: "__Host-karen_device",
    path: "/api/v1/auth",
    same_site: "Strict",
};
/// What browsers keep a cookie for at most (RFC 6265bis section 5.5).
const DEVICE_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// A sign-in on its way. Another site, the provider, leads back to here.
const FLOW: Cookie = Cookie {
    name: "karen_flow",
    secure_name: "__Host-karen_flow",
    path: "/api/v1/auth/oidc",
    same_site: "Lax",
};
/// As long as a sign-in at a provider may take.
const FLOW_LIFETIME: Duration = Duration::from_secs(10 * 60);

struct Cookie {
    name: &'static str,
    /// Over TLS: browsers take a cookie of this name from this very host only, and send it over TLS
    /// only (RFC 6265bis section 4.1.3.2).
    secure_name: &'static str,
    path: &'static str,
    same_site: &'static str,
}

/// A `Set-Cookie` that keeps `token` in the browser for `lifetime`.
pub(crate) fn keep(token: &str, lifetime: Duration, headers: &HeaderMap) -> HeaderValue {
    REFRESH.set(token, lifetime, headers)
}

/// A `Set-Cookie` that makes the browser forget the token.
pub(crate) fn forget(headers: &HeaderMap) -> HeaderValue {
    REFRESH.set("", Duration::ZERO, headers)
}

/// The token that a request's cookie holds.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    REFRESH.value(headers)
}

/// What a device shows of its last login.
pub(crate) mod device {
    use super::{DEVICE, DEVICE_LIFETIME, HeaderMap, HeaderValue};

    /// A `Set-Cookie` that keeps `token` for the next login.
    pub(crate) fn keep(token: &str, headers: &HeaderMap) -> HeaderValue {
        DEVICE.set(token, DEVICE_LIFETIME, headers)
    }

    /// What a request's cookie holds.
    pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
        DEVICE.value(headers)
    }
}

/// A sign-in on its way to a provider and back.
pub(crate) mod flow {
    use super::{FLOW, FLOW_LIFETIME, HeaderMap, HeaderValue};
    use std::time::Duration;

    /// A `Set-Cookie` that keeps `sealed` until the browser comes back.
    pub(crate) fn keep(sealed: &str, headers: &HeaderMap) -> HeaderValue {
        FLOW.set(sealed, FLOW_LIFETIME, headers)
    }

    /// A `Set-Cookie` that makes the browser forget it.
    pub(crate) fn forget(headers: &HeaderMap) -> HeaderValue {
        FLOW.set("", Duration::ZERO, headers)
    }

    /// What a request's cookie holds.
    pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
        FLOW.value(headers)
    }
}

impl Cookie {
    fn set(&self, value: &str, lifetime: Duration, headers: &HeaderMap) -> HeaderValue {
        let (name, place) = match is_https(headers) {
            true => (self.secure_name, "Path=/; Secure".to_owned()),
            false => (self.name, format!("Path={}", self.path)),
        };
        let (seconds, same_site) = (lifetime.as_secs(), self.same_site);
        let text =
            format!("{name}={value}; {place}; Max-Age={seconds}; HttpOnly; SameSite={same_site}");
        HeaderValue::from_str(&text).expect("tokens are plain ASCII")
    }

    fn value<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let lines = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut pairs = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(name, _)| [self.name, self.secure_name].contains(name))
            .map(|(_, value)| value)
    }
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
