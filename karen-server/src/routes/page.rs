//! The page for people who chat, served from the binary.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::app::App;

/// Nothing from elsewhere, nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// Asked for again each time, and mostly answered with 304.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    etag: HeaderValue,
}

macro_rules! assets {
    ($($path:literal => $file:literal as $kind:expr,)*) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
            vec![$(Asset::new($path, $kind, include_bytes!(concat!("../../page/", $file))),)*]
        });
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

assets! {
    "/" => "index.html" as HTML,
    "/app.css" => "app.css" as CSS,
    "/account.js" => "account.js" as JAVASCRIPT,
    "/again.js" => "again.js" as JAVASCRIPT,
    "/answer.js" => "answer.js" as JAVASCRIPT,
    "/api.js" => "api.js" as JAVASCRIPT,
    "/app.js" => "app.js" as JAVASCRIPT,
    "/audit.js" => "audit.js" as JAVASCRIPT,
    "/chat.js" => "chat.js" as JAVASCRIPT,
    "/conversations.js" => "conversations.js" as JAVASCRIPT,
    "/entry.js" => "entry.js" as JAVASCRIPT,
    "/memory.js" => "memory.js" as JAVASCRIPT,
    "/models.js" => "models.js" as JAVASCRIPT,
    "/passkey.js" => "passkey.js" as JAVASCRIPT,
    "/people.js" => "people.js" as JAVASCRIPT,
    "/providers.js" => "providers.js" as JAVASCRIPT,
    "/record.js" => "record.js" as JAVASCRIPT,
    "/second_factor.js" => "second_factor.js" as JAVASCRIPT,
    "/turn.js" => "turn.js" as JAVASCRIPT,
    "/view.js" => "view.js" as JAVASCRIPT,
}

pub(crate) fn routes() -> Router<App> {
    let serve = |asset: &'static Asset| {
        get(move |headers: HeaderMap| async move { asset.answer(&headers) })
    };
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, serve(asset))
    })
}

impl Asset {
    fn new(path: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let hex: String = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Weak: the same file is sent compressed or not.
        let etag = HeaderValue::from_str(&format!("W/\"{hex}\"")).expect("hex digits in quotes");
        Self {
            path,
            kind,
            bytes,
            etag,
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let headers = [
            (ETAG, self.etag.clone()),
            (CACHE_CONTROL, REVALIDATE),
            (CONTENT_SECURITY_POLICY, POLICY),
        ];
        if asked.get(IF_NONE_MATCH) == Some(&self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(CONTENT_TYPE, self.kind)], self.bytes).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        let files = std::fs::read_dir(folder).expect("the page's folder");
        let names = files.map(|file| file.expect("file").file_name().into_string().expect("name"));
        let expected: BTreeSet<String> = names
            .map(|name| match name.as_str() {
                "index.html" => "/".to_owned(),
                name => format!("/{name}"),
            })
            .collect();
        let served: BTreeSet<String> = ASSETS.iter().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(served, expected);
    }
}
