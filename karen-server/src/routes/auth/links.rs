//! Links in mails: asking for one, and following it.
//!
//! Whoever asks gets the same answer whether or not there is such an account.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::AccountBody;
use crate::app::App;
use crate::extract::{Json, Visitor};
use crate::problem::Problem;

/// Whom a mail goes to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailRequest {
    #[schema(example = "ada@example.com")]
    email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    /// Out of the link.
    token: String,
    /// What the person wants to be called; not used where there is an account already.
    #[schema(example = "Ada")]
    name: String,
    /// Of the new account, or of the one that there is already.
    #[schema(example = "a handful of plain words")]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordReset {
    /// Out of the link.
    token: String,
    /// 15 to 128 characters.
    #[schema(example = "a handful of other words")]
    new_password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recovery {
    /// Out of the link.
    token: String,
    #[schema(example = "a handful of plain words")]
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailProof {
    /// Out of the link.
    token: String,
}

/// Ask for an invitation by mail, where registration is open
#[utoipa::path(
    post, path = "/api/v1/auth/registration", tag = "auth",
    responses((status = 202, description = "A mail is on its way")),
)]
pub(super) async fn request_registration(
    State(app): State<App>,
    Visitor(device): Visitor,
    Json(request): Json<MailRequest>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.request_registration(&request.email, device.address)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Accept an invitation
#[utoipa::path(
    post, path = "/api/v1/auth/invitation", tag = "auth",
    responses((status = 201, description = "An account, or a membership of one", body = AccountBody)),
)]
pub(super) async fn accept_invitation(
    State(app): State<App>,
    Json(request): Json<Acceptance>,
) -> Result<(StatusCode, Json<AccountBody>), Problem> {
    let Acceptance {
        token,
        name,
        password,
    } = request;
    let auth = app.karen.auth();
    let account = auth.accept_invitation(&token, &name, &password).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Ask for a link that sets a new password
#[utoipa::path(
    post, path = "/api/v1/auth/password/forgot", tag = "auth",
    responses((status = 202, description = "If there is such an account, a mail is on its way")),
)]
pub(super) async fn forget_password(
    State(app): State<App>,
    Visitor(device): Visitor,
    Json(request): Json<MailRequest>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.request_password_reset(&request.email, device.address)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password, which ends every session of the account
#[utoipa::path(
    post, path = "/api/v1/auth/password/reset", tag = "auth",
    responses((status = 204)),
)]
pub(super) async fn reset_password(
    State(app): State<App>,
    Json(request): Json<PasswordReset>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.reset_password(&request.token, &request.new_password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a link that takes a lost second factor away
#[utoipa::path(
    post, path = "/api/v1/auth/recovery/request", tag = "auth",
    responses((status = 202, description = "If there is such an account, a mail is on its way")),
)]
pub(super) async fn request_recovery(
    State(app): State<App>,
    Visitor(device): Visitor,
    Json(request): Json<MailRequest>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.request_recovery(&request.email, device.address)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take a lost second factor away, which ends every session of the account
#[utoipa::path(post, path = "/api/v1/auth/recovery", tag = "auth", responses((status = 204)))]
pub(super) async fn recover(
    State(app): State<App>,
    Json(request): Json<Recovery>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.recover(&request.token, &request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show that an email address is one's own
#[utoipa::path(post, path = "/api/v1/auth/email/verify", tag = "auth", responses((status = 204)))]
pub(super) async fn verify_email(
    State(app): State<App>,
    Json(request): Json<EmailProof>,
) -> Result<StatusCode, Problem> {
    app.karen.auth().verify_email(&request.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
