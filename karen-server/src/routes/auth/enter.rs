//! Coming in: with a new account, or with a password and, where there is one, a second factor.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::auth::{LogIn, NewAccount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SignedInBody, signed_in};
use crate::app::App;
use crate::extract::{Caller, Json, Visitor};
use crate::problem::Problem;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterRequest {
    #[schema(example = "ada@example.com")]
    email: String,
    /// What the person wants to be called.
    #[schema(example = "Ada")]
    name: String,
    /// 15 to 128 characters.
    #[schema(example = "a handful of plain words")]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "a handful of plain words")]
    password: String,
}

/// The password was right, and the account has a second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeNeeded {
    /// Goes to `/api/v1/auth/login/code` with a code, within five minutes and five tries.
    challenge: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRequest {
    /// What the login answered.
    challenge: String,
    /// Six digits of the authenticator, or a recovery code.
    #[schema(example = "492039")]
    code: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialsAgain {
    #[schema(example = "a handful of plain words")]
    password: String,
    /// Needed where there is a second factor.
    #[schema(example = "492039")]
    code: Option<String>,
}

/// Make an account, where registration is open
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "auth",
    responses((status = 201, body = SignedInBody)),
)]
pub(super) async fn register(
    State(app): State<App>,
    Visitor(device): Visitor,
    headers: HeaderMap,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, Response), Problem> {
    let account = NewAccount {
        email: request.email,
        name: request.name,
        password: request.password,
    };
    let signed = app.karen.auth().register(account, device).await?;
    let answer = signed_in(&app, &headers, signed).await?;
    Ok((StatusCode::CREATED, answer))
}

/// Log in
///
/// An account with a second factor gets 202 and a challenge, which `/api/v1/auth/login/code` takes.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth",
    responses(
        (status = 200, body = SignedInBody),
        (status = 202, description = "A code is needed", body = CodeNeeded),
    ),
)]
pub(super) async fn log_in(
    State(app): State<App>,
    Visitor(device): Visitor,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Problem> {
    let (auth, email) = (app.karen.auth(), &request.email);
    match auth.begin_log_in(email, &request.password, device).await? {
        LogIn::SignedIn(signed) => signed_in(&app, &headers, signed).await,
        LogIn::CodeNeeded(challenge) => {
            let challenge = challenge.expose().to_owned();
            Ok((StatusCode::ACCEPTED, Json(CodeNeeded { challenge })).into_response())
        }
        other => unreachable!("a login stands at {other:?}"),
    }
}

/// Finish a login with a code
#[utoipa::path(
    post, path = "/api/v1/auth/login/code", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
pub(super) async fn give_code(
    State(app): State<App>,
    headers: HeaderMap,
    Json(request): Json<CodeRequest>,
) -> Result<Response, Problem> {
    let auth = app.karen.auth();
    let signed = auth
        .finish_log_in(&request.challenge, &request.code)
        .await?;
    signed_in(&app, &headers, signed).await
}

/// Show one's credentials once more, before something dangerous
///
/// What answered `LOGIN_NOT_RECENT` works for some minutes from then on.
#[utoipa::path(
    post, path = "/api/v1/auth/reauthenticate", tag = "auth",
    responses((status = 204)),
)]
pub(super) async fn reauthenticate(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<CredentialsAgain>,
) -> Result<StatusCode, Problem> {
    let (auth, code) = (app.karen.auth(), request.code.as_deref());
    auth.reauthenticate(session.principal(), &request.password, code)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
