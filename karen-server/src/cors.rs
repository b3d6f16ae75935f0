//! Pages of other sites that may call the API: the CORS protocol of the Fetch standard.

use std::time::Duration;

use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, LOCATION, RETRY_AFTER,
};
use axum::http::{HeaderValue, Method};
use karen_core::config::ServerSettings;
use tower_http::cors::CorsLayer;

/// How long a browser remembers what it may ask.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(600);

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];
/// What such a page may send.
const ASKED: [HeaderName; 5] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    IF_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
];
/// What it may read.
const TOLD: [HeaderName; 7] = [
    ETAG,
    LOCATION,
    RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("idempotent-replayed"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// Lets the pages of the named sites call the API with a token; cookies stay at home. With nobody
/// named, browsers let no other site read an answer.
pub(crate) fn other_sites(settings: &ServerSettings) -> Option<CorsLayer> {
    let origins = settings.cors_origins.iter();
    let named: Vec<HeaderValue> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let layer = CorsLayer::new()
        .allow_methods(METHODS)
        .allow_headers(ASKED)
        .expose_headers(TOLD)
        .max_age(PREFLIGHT_KEPT);
    (!named.is_empty()).then(|| layer.allow_origin(named))
}
