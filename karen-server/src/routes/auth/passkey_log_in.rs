//! Coming in with a passkey: alone, or in place of a code.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::passkey_body::{Credential, RequestOptions};
use super::{SignedInBody, signed_in};
use crate::app::App;
use crate::extract::{Json, Visitor};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyLogIn {
    credential: Credential,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyStepBegin {
    /// What the login with the password answered.
    challenge: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyStep {
    /// What the login with the password answered.
    challenge: String,
    credential: Credential,
}

/// Begin to log in with a passkey
///
/// Nobody says who they are before their device does. The answer is what
/// `navigator.credentials.get` takes as `publicKey`.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/login/begin", tag = "auth",
    responses((status = 200, body = RequestOptions)),
)]
pub(super) async fn begin_passkey_log_in(
    State(app): State<App>,
    Visitor(device): Visitor,
) -> Result<Json<RequestOptions>, Problem> {
    let auth = app.karen.auth();
    let begun = auth.begin_passkey_log_in(device.address).await?;
    Ok(Json(begun.into()))
}

/// Log in with a passkey
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/login", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
pub(super) async fn log_in_with_passkey(
    State(app): State<App>,
    Visitor(device): Visitor,
    headers: HeaderMap,
    Json(request): Json<PasskeyLogIn>,
) -> Result<Response, Problem> {
    let (auth, answer) = (app.karen.auth(), request.credential.into());
    let signed = auth.finish_passkey_log_in(&answer, device).await?;
    signed_in(&app, &headers, signed).await
}

/// Begin to finish a login with a passkey in place of a code
///
/// The answer is what `navigator.credentials.get` takes as `publicKey`.
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/code/begin", tag = "auth",
    responses((status = 200, body = RequestOptions)),
)]
pub(super) async fn begin_passkey_step(
    State(app): State<App>,
    Json(request): Json<PasskeyStepBegin>,
) -> Result<Json<RequestOptions>, Problem> {
    let auth = app.karen.auth();
    let begun = auth.begin_passkey_step(&request.challenge).await?;
    Ok(Json(begun.into()))
}

/// Finish a login with a passkey in place of a code
#[utoipa::path(
    post, path = "/api/v1/auth/passkeys/code", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
pub(super) async fn finish_passkey_step(
    State(app): State<App>,
    headers: HeaderMap,
    Json(request): Json<PasskeyStep>,
) -> Result<Response, Problem> {
    let (auth, answer) = (app.karen.auth(), request.credential.into());
    let signed = auth
        .finish_passkey_step(&request.challenge, &answer)
        .await?;
    signed_in(&app, &headers, signed).await
}
