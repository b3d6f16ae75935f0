//! A name for each request, in its answer and in the log.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request: 8 to 64 letters, digits and dashes.
#[derive(Clone, Debug)]
pub(crate) struct CorrelationId(String);

impl CorrelationId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The client's name if it is a harmless one, else a fresh one.
    fn of(request: &Request) -> Self {
        let given = request
            .headers()
            .get(HEADER)
            .and_then(|value| value.to_str().ok());
        let usable = given.filter(|text| is_usable(text));
        Self(usable.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

pub(crate) async fn correlate(mut request: Request, next: Next) -> Response {
    let id = CorrelationId::of(&request);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    let value = HeaderValue::from_str(&id.0).expect("letters, digits and dashes");
    response.headers_mut().insert(HEADER, value);
    response
}

fn is_usable(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_names_are_taken_over() {
        for (text, usable) in [
            ("abcdef-1", true),
            (&"x".repeat(64), true),
            ("short", false),
            (&"x".repeat(65), false),
            ("spaces are not", false),
            ("nor\u{e4}umlauts", false),
        ] {
            assert_eq!(is_usable(text), usable, "{text}");
        }
    }
}
