//! The keys that access tokens are signed with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use karen_core::auth::Jwk;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;

/// Other verifiers see a new key within this time; tokens of the one before outlive it.
const CACHED: &str = "public, max-age=60";

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(jwks))
}

pub(crate) fn guarded_routes() -> Routes {
    Routes::new().routes(routes!(rotate))
}

/// Public keys, RFC 7517.
#[derive(Serialize, ToSchema)]
#[schema(as = JwkSet)]
struct JwkSetBody {
    /// The key that signs first, then those whose tokens are still in force. Empty for `HS256`,
    /// whose key is no public one.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Jwk>,
}

/// The public keys that access tokens can be checked with
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = 200, body = JwkSetBody)),
)]
async fn jwks(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let keys = app.karen.auth().jwks().await?.keys;
    Ok(([(CACHE_CONTROL, CACHED)], Json(JwkSetBody { keys })))
}

/// Sign with a new key from here on
///
/// Tokens of the key before stay good until they expire.
#[utoipa::path(
    post, path = "/api/v1/signing-keys/rotate", tag = "auth",
    responses((status = 204)),
)]
async fn rotate(State(app): State<App>, Caller(session): Caller) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.rotate_signing_key(session.principal()).await?;
    Ok(StatusCode::NO_CONTENT)
}
