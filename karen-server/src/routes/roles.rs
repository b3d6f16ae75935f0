//! Roles: the built-in ones, and those that a tenant makes for itself.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use karen_core::auth::{CustomRole, Permissions, Role, RoleName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::api_keys::permissions;
use crate::app::App;
use crate::entity_tag::{EntityTag, Tagged};
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_roles))
        .routes(routes!(put_role, delete_role))
}

/// What somebody may be within a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleBody {
    #[schema(example = "reader")]
    name: String,
    /// Whether every tenant has it, and none can change it.
    built_in: bool,
    #[schema(example = json!(["memory:read", "models:read"]))]
    permissions: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct RoleList {
    data: Vec<RoleBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleRequest {
    #[schema(example = json!(["memory:read", "models:read"]))]
    permissions: Vec<String>,
}

/// The roles of the tenant
#[utoipa::path(
    get, path = "/api/v1/roles", tag = "roles",
    responses((status = 200, body = RoleList)),
)]
async fn list_roles(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<RoleList>, Problem> {
    let principal = session.principal();
    let own = app.karen.auth().custom_roles(principal).await?;
    let built_in = Role::ALL.iter().map(|role| RoleBody {
        name: role.as_str().to_owned(),
        built_in: true,
        permissions: names(role.permissions_in(principal.tenant())),
    });
    let data = built_in
        .chain(own.into_iter().map(RoleBody::from))
        .collect();
    Ok(Json(RoleList { data }))
}

/// Make a role, or change one: it counts from the next request on
#[utoipa::path(
    put, path = "/api/v1/roles/{name}", tag = "roles",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the last answer")),
    responses((status = 200, body = RoleBody, headers(("ETag" = String)))),
)]
async fn put_role(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(request): Json<RoleRequest>,
) -> Result<Tagged<RoleBody>, Problem> {
    let (auth, principal) = (app.karen.auth(), session.principal());
    let role = CustomRole {
        name: RoleName::parse(&name)?,
        permissions: permissions(&request.permissions)?,
    };
    let roles = auth.custom_roles(principal).await?;
    let before = roles.into_iter().find(|known| known.name == role.name);
    let seen = before.clone().map(RoleBody::from);
    match EntityTag::of(&seen).require(&headers)? {
        true => {
            let replaced = auth.replace_custom_role(principal, before.as_ref(), &role);
            replaced.await?;
        }
        false => auth.put_custom_role(principal, &role).await?,
    }
    Ok(Tagged(role.into()))
}

/// Delete a role that nobody holds
#[utoipa::path(delete, path = "/api/v1/roles/{name}", tag = "roles", responses((status = 204)))]
async fn delete_role(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let (auth, name) = (app.karen.auth(), RoleName::parse(&name)?);
    auth.delete_custom_role(session.principal(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn names(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(|p| p.as_str()).collect()
}

impl From<CustomRole> for RoleBody {
    fn from(role: CustomRole) -> Self {
        Self {
            name: role.name.to_string(),
            built_in: false,
            permissions: names(role.permissions),
        }
    }
}
