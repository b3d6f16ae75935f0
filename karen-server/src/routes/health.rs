//! Whether the server lives, is ready, and how each of its parts is doing.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::{AnalyticsCheck, Check, Code, Health, ServerCheck, Status};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::Json;
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(health))
}

/// How Karen is doing.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthBody {
    /// The worst of the parts: `ok`, `degraded` or `failed`.
    #[schema(value_type = String)]
    status: Status,
    checks: Checks,
    /// Servers that instances share, besides the database; without one, Karen answers with less.
    servers: Vec<ServerBody>,
    /// How far analytics are behind; null where they are off.
    analytics: Option<AnalyticsBody>,
}

/// What analytics have not been brought yet; a question brings it.
#[derive(Serialize, ToSchema)]
#[schema(as = AnalyticsCheck)]
struct AnalyticsBody {
    /// Users whose last words have been kept by this instance, and are in no batch yet.
    waiting_users: usize,
    /// Milliseconds for which the first of them has waited.
    lag_ms: u64,
}

/// Each part, asked.
#[derive(Serialize, ToSchema)]
struct Checks {
    database: CheckBody,
    models: CheckBody,
    memory: CheckBody,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Check)]
struct CheckBody {
    /// `ok`, `degraded` or `failed`.
    #[schema(value_type = String)]
    status: Status,
    /// What it rests on, for people.
    detail: String,
}

/// A server, asked.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerCheck)]
struct ServerBody {
    /// `redis`, `elasticsearch` or `milvus`.
    name: String,
    /// `ok` or `degraded`.
    #[schema(value_type = String)]
    status: Status,
    /// What it rests on, for people.
    detail: String,
    /// Users whose last words have been kept, and have not reached it through this instance.
    waiting_users: usize,
    /// Milliseconds for which the first of them has waited.
    lag_ms: u64,
}

/// Whether the process answers at all
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, body = String)))]
async fn livez() -> &'static str {
    "ok"
}

/// Whether requests may be sent here
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = String)))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.is_leaving() {
        return Err(Problem::new(
            Code::Unavailable,
            "the server is shutting down",
        ));
    }
    match app.karen.health().await.status() {
        Status::Failed => Err(Problem::new(
            Code::Unavailable,
            "a part failed: see /health",
        )),
        Status::Ok | Status::Degraded => Ok("ok"),
    }
}

/// How each part is doing
///
/// The status is 503 when a part failed; a degraded Karen still answers.
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, body = HealthBody), (status = 503, body = HealthBody)),
)]
async fn health(State(app): State<App>) -> (StatusCode, Json<HealthBody>) {
    let health = app.karen.health().await;
    let status = match health.status() {
        Status::Failed => StatusCode::SERVICE_UNAVAILABLE,
        Status::Ok | Status::Degraded => StatusCode::OK,
    };
    (status, Json(health.into()))
}

impl From<Health> for HealthBody {
    fn from(health: Health) -> Self {
        Self {
            status: health.status(),
            checks: Checks {
                database: health.database.into(),
                models: health.models.into(),
                memory: health.memory.into(),
            },
            servers: health.servers.into_iter().map(ServerBody::from).collect(),
            analytics: health.analytics.map(AnalyticsBody::from),
        }
    }
}

impl From<AnalyticsCheck> for AnalyticsBody {
    fn from(check: AnalyticsCheck) -> Self {
        Self {
            waiting_users: check.waiting_users,
            lag_ms: check.lag_ms,
        }
    }
}

impl From<Check> for CheckBody {
    fn from(check: Check) -> Self {
        Self {
            status: check.status,
            detail: check.detail,
        }
    }
}

impl From<ServerCheck> for ServerBody {
    fn from(check: ServerCheck) -> Self {
        Self {
            name: check.name,
            status: check.status,
            detail: check.detail,
            waiting_users: check.waiting_users,
            lag_ms: check.lag_ms,
        }
    }
}
