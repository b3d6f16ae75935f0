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
        .routes(routes!(revoke_session))
        .routes(routes!(change_password))
}

/// Who is asking, and what they may do.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Absent for the owner who asks on the machine itself, without an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountBody>,
    role: &'static str,
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
    /// What the device calls itself.
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
    current_password: String,
    /// 15 to 128 characters.
    new_password: String,
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
