//! The first run: somebody with the one-time link makes the first account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use karen_core::auth::NewAccount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::auth::{SignedInBody, signed_in};
use crate::app::App;
use crate::extract::{Json, Visitor};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(setup_needed, set_up))
}

/// Whether the first account is still to be made.
#[derive(Serialize, ToSchema)]
struct SetupState {
    /// `true` until the first account exists.
    needed: bool,
}

/// The first account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetupRequest {
    /// The token of the one-time link that the server prints at its start.
    setup_token: String,
    email: String,
    /// What the person wants to be called.
    name: String,
    /// 15 to 128 characters.
    password: String,
}

/// Whether the first account is still to be made
#[utoipa::path(
    get, path = "/api/v1/setup", tag = "setup",
    responses((status = 200, body = SetupState)),
)]
async fn setup_needed(State(app): State<App>) -> Result<Json<SetupState>, Problem> {
    let needed = app.karen.auth().setup_needed().await?;
    Ok(Json(SetupState { needed }))
}

/// Make the first account, which owns everything
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "setup",
    responses((status = 201, body = SignedInBody)),
)]
async fn set_up(
    State(app): State<App>,
    Visitor(device): Visitor,
    headers: HeaderMap,
    Json(request): Json<SetupRequest>,
) -> Result<(StatusCode, Response), Problem> {
    let account = NewAccount {
        email: request.email,
        name: request.name,
        password: request.password,
    };
    let auth = app.karen.auth();
    let signed = auth.set_up(&request.setup_token, account, device).await?;
    let answer = signed_in(&app, &headers, signed).await?;
    Ok((StatusCode::CREATED, answer))
}
