//! What Prometheus scrapes.

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use karen_core::Permission;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::layer::principal_of;
use crate::problem::Problem;

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(metrics))
}

/// Metrics in Prometheus' text format
///
/// Open while the server listens on this machine only; else it needs the permission `system:read`.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
async fn metrics(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    if !app.karen.config().server.listen.ip().is_loopback() {
        let principal = principal_of(&app, request.headers(), request.extensions()).await?;
        principal.require(Permission::SystemRead)?;
    }
    let health = app.karen.health().await;
    let karen = &app.karen;
    let text = app
        .metrics
        .render(karen.live_turns(), &health, karen.models());
    Ok(([(CONTENT_TYPE, PROMETHEUS_TEXT)], text).into_response())
}
