//! Whoever asks: their account, sessions and password.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::Principal;
use karen_core::auth::{AuthErrorKind, SessionId, SessionInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::auth::AccountBody;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(me))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session, name_session))
        .routes(routes!(change_password))
        .routes(routes!(change_email))
        .routes(routes!(ask_for_proof))
}

/// Who is asking, and what they may do.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Absent for the owner who asks on the machine itself, without an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountBody>,
    #[schema(example = "member")]
    role: &'static str,
    #[schema(example = "default")]
    tenant: String,
    /// Such as `chat:use`.
    permissions: Vec<&'static str>,
}

/// A device that is logged in.
#[derive(Serialize, ToSchema)]
struct SessionBody {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// What the device calls itself, or its owner calls it.
    device: Option<String>,
    address: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// When it last fetched an access token, unix milliseconds.
    last_used_at: i64,
}

#[derive(Serialize, ToSchema)]
struct SessionList {
    data: Vec<SessionBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    #[schema(example = "a handful of plain words")]
    current_password: String,
    /// 15 to 128 characters.
    #[schema(example = "a handful of other words")]
    new_password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailChange {
    #[schema(example = "countess@example.com")]
    email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionName {
    /// What to call the device; 1 to 100 characters.
    #[schema(example = "The old laptop")]
    name: String,
}

/// Who is asking
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, body = Me)))]
async fn me(State(app): State<App>, Caller(session): Caller) -> Result<Json<Me>, Problem> {
    let principal = session.principal();
    Ok(Json(Me {
        account: own_account(&app, principal).await?,
        role: principal.role().as_str(),
        tenant: principal.tenant().to_string(),
        permissions: principal.permissions().iter().map(|p| p.as_str()).collect(),
    }))
}

async fn own_account(app: &App, principal: &Principal) -> Result<Option<AccountBody>, Problem> {
    match app.karen.auth().own_account(principal).await {
        Ok(account) => Ok(Some(account.into())),
        Err(error) if error.kind() == AuthErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The devices that are logged in
#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "me",
    responses((status = 200, body = SessionList)),
)]
async fn list_sessions(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<SessionList>, Problem> {
    let sessions = app.karen.auth().sessions(session.principal()).await?;
    let data = sessions.into_iter().map(SessionBody::from).collect();
    Ok(Json(SessionList { data }))
}

/// Log a device out
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "me", responses((status = 204)))]
async fn revoke_session(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = SessionId::parse(&id)?;
    app.karen
        .auth()
        .revoke_session(session.principal(), &id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a device a name
#[utoipa::path(
    patch, path = "/api/v1/me/sessions/{id}", tag = "me",
    responses((status = 204)),
)]
async fn name_session(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(given): Json<SessionName>,
) -> Result<StatusCode, Problem> {
    let (auth, id) = (app.karen.auth(), SessionId::parse(&id)?);
    auth.name_session(session.principal(), &id, &given.name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change the email address, once a link that is mailed to it was followed
#[utoipa::path(
    post, path = "/api/v1/me/email", tag = "me",
    responses((status = 202, description = "A mail is on its way, unless somebody else has the address")),
)]
async fn change_email(
    State(app): State<App>,
    Caller(session): Caller,
    Json(change): Json<EmailChange>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.request_email_change(session.principal(), &change.email)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Get a mail with a link that shows that the email address is one's own
#[utoipa::path(
    post, path = "/api/v1/me/email/verification", tag = "me",
    responses((status = 202, description = "A mail is on its way")),
)]
async fn ask_for_proof(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.request_email_verification(session.principal()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Change the password, which logs every other device out
#[utoipa::path(put, path = "/api/v1/me/password", tag = "me", responses((status = 204)))]
async fn change_password(
    State(app): State<App>,
    Caller(session): Caller,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let (current, new) = (&change.current_password, &change.new_password);
    app.karen
        .auth()
        .change_password(session.principal(), current, new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SessionInfo> for SessionBody {
    fn from(info: SessionInfo) -> Self {
        Self {
            id: info.id.to_string(),
            current: info.is_current,
            device: info.device.name,
            address: info.device.address.map(|address| address.to_string()),
            created_at: info.created_at_ms,
            last_used_at: info.refreshed_at_ms,
        }
    }
}
