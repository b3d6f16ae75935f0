//! The documentation of the API: the OpenAPI document, and Swagger UI from the binary.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::App;
use crate::document;

/// Swagger UI writes styles into its elements; everything else comes from its own files.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Router<App> {
    let ui = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    let ui: Router<App> = Router::from(ui).layer(from_fn(with_policy));
    ui.route("/openapi.json", get(openapi_json))
}

async fn openapi_json() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        document::openapi()
            .to_json()
            .expect("the document is plain data")
    });
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

async fn with_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}
