//! Going out, here or everywhere.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::cookie;
use crate::extract::Caller;
use crate::problem::Problem;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Log out: the session ends at once
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses((status = 204)))]
pub(super) async fn log_out(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.karen.auth().log_out(session.principal()).await?;
    Ok(gone(&headers))
}

/// Log out on every device; API keys live on
#[utoipa::path(post, path = "/api/v1/auth/logout-all", tag = "auth", responses((status = 204)))]
pub(super) async fn log_out_everywhere(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let auth = app.karen.auth();
    auth.log_out_everywhere(session.principal()).await?;
    Ok(gone(&headers))
}

/// Nothing of whoever left stays in the browser.
fn gone(headers: &HeaderMap) -> Response {
    let everything = HeaderValue::from_static("\"cookies\", \"storage\"");
    let forget = [
        (SET_COOKIE, cookie::forget(headers)),
        (CLEAR_SITE_DATA, everything),
    ];
    (StatusCode::NO_CONTENT, forget).into_response()
}
