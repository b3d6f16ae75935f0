//! Invitations into a tenant.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::auth::{Invitation, OneTimeTokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::users::built_in;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_invitations, invite))
        .routes(routes!(revoke_invitation))
}

/// An invitation that waits. Its link is in the mail alone.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationBody {
    id: String,
    #[schema(example = "eve@example.com")]
    email: String,
    #[schema(example = "member")]
    role: &'static str,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    expires_at: i64,
}

#[derive(Serialize, ToSchema)]
struct InvitationList {
    /// The oldest first.
    data: Vec<InvitationBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InvitationRequest {
    #[schema(example = "eve@example.com")]
    email: String,
    /// `admin`, `operator`, `developer`, `member`, `viewer` or `service`; `member` if absent.
    #[schema(example = "member")]
    role: Option<String>,
}

/// The invitations that wait
#[utoipa::path(
    get, path = "/api/v1/invitations", tag = "users",
    responses((status = 200, body = InvitationList)),
)]
async fn list_invitations(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<InvitationList>, Problem> {
    let waiting = app.karen.auth().invitations(session.principal()).await?;
    let data = waiting.into_iter().map(InvitationBody::from).collect();
    Ok(Json(InvitationList { data }))
}

/// Invite somebody by mail
#[utoipa::path(
    post, path = "/api/v1/invitations", tag = "users",
    responses((status = 201, body = InvitationBody)),
)]
async fn invite(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<InvitationRequest>,
) -> Result<(StatusCode, Json<InvitationBody>), Problem> {
    let (auth, role) = (app.karen.auth(), built_in(request.role.as_deref())?);
    let invited = auth
        .invite(session.principal(), &request.email, role)
        .await?;
    Ok((StatusCode::CREATED, Json(invited.into())))
}

/// Make an invitation void
#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", tag = "users",
    responses((status = 204)),
)]
async fn revoke_invitation(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = OneTimeTokenId::parse(&id)?;
    let auth = app.karen.auth();
    auth.revoke_invitation(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.as_str().to_owned(),
            role: invitation.role.as_str(),
            created_at: invitation.created_at_ms,
            expires_at: invitation.expires_at_ms,
        }
    }
}
