//! The accounts of a tenant.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use karen_core::auth::{Account, AccountId, NewAccount, NewImport, Role, RoleChoice, RoleName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::auth::AccountBody;
use super::paging::Paging;
use crate::app::App;
use crate::entity_tag::{EntityTag, Tagged};
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_users, create_user))
        .routes(routes!(import_user))
        .routes(routes!(get_user))
        .routes(routes!(disable_user))
        .routes(routes!(enable_user))
        .routes(routes!(set_user_role))
}

#[derive(Serialize, ToSchema)]
struct UserList {
    data: Vec<AccountBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserRequest {
    #[schema(example = "eve@example.com")]
    email: String,
    /// What the person wants to be called.
    #[schema(example = "Eve")]
    name: String,
    /// 15 to 128 characters.
    #[schema(example = "a handful of plain words")]
    password: String,
    /// `admin`, `operator`, `developer`, `member`, `viewer` or `service`; `member` if absent.
    #[schema(example = "member")]
    role: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportRequest {
    #[schema(example = "eve@example.com")]
    email: String,
    /// What the person wants to be called.
    #[schema(example = "Eve")]
    name: String,
    /// Of argon2id or bcrypt. It is replaced at the first login.
    #[schema(example = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW")]
    password_hash: String,
    /// As for a new account.
    #[schema(example = "member")]
    role: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleAssignment {
    /// A built-in role, or one of the tenant's own.
    #[schema(example = "viewer")]
    role: String,
}

/// The accounts of the tenant
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users",
    params(Paging),
    responses((status = 200, body = UserList)),
)]
async fn list_users(
    State(app): State<App>,
    Caller(session): Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<UserList>, Problem> {
    let after = paging.after(AccountId::parse)?;
    let page = paging.page(after.as_ref())?;
    let accounts = app.karen.auth().accounts(session.principal(), page).await?;
    let next_cursor = paging.next(&accounts, |account| account.id.to_string());
    let data = accounts.into_iter().map(AccountBody::from).collect();
    Ok(Json(UserList { data, next_cursor }))
}

/// Make an account for somebody
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users",
    responses((status = 201, body = AccountBody)),
)]
async fn create_user(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<UserRequest>,
) -> Result<(StatusCode, Json<AccountBody>), Problem> {
    let role = built_in(request.role.as_deref())?;
    let new = NewAccount {
        email: request.email,
        name: request.name,
        password: request.password,
    };
    let auth = app.karen.auth();
    let account = auth.create_account(session.principal(), new, role).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Take over an account whose password was hashed elsewhere
#[utoipa::path(
    post, path = "/api/v1/users/import", tag = "users",
    responses((status = 201, body = AccountBody)),
)]
async fn import_user(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<ImportRequest>,
) -> Result<(StatusCode, Json<AccountBody>), Problem> {
    let role = built_in(request.role.as_deref())?;
    let new = NewImport {
        email: request.email,
        name: request.name,
        password_hash: request.password_hash,
    };
    let auth = app.karen.auth();
    let account = auth.import_account(session.principal(), new, role).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// An account of the tenant
#[utoipa::path(
    get, path = "/api/v1/users/{id}", tag = "users",
    responses((status = 200, body = AccountBody, headers(("ETag" = String)))),
)]
async fn get_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Tagged<AccountBody>, Problem> {
    let id = AccountId::parse(&id)?;
    let account = app.karen.auth().account(session.principal(), &id).await?;
    Ok(Tagged(account.into()))
}

/// Shut an account out: sessions, tokens and keys are dead at once
#[utoipa::path(
    post, path = "/api/v1/users/{id}/disable", tag = "users",
    responses((status = 204)),
)]
async fn disable_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = AccountId::parse(&id)?;
    let auth = app.karen.auth();
    auth.disable_account(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a disabled account log in again
#[utoipa::path(
    post, path = "/api/v1/users/{id}/enable", tag = "users",
    responses((status = 204)),
)]
async fn enable_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = AccountId::parse(&id)?;
    let auth = app.karen.auth();
    auth.enable_account(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give an account another role, from its next request on
#[utoipa::path(
    put, path = "/api/v1/users/{id}/role", tag = "users",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 200, body = AccountBody, headers(("ETag" = String)))),
)]
async fn set_user_role(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(assignment): Json<RoleAssignment>,
) -> Result<Tagged<AccountBody>, Problem> {
    let (auth, principal) = (app.karen.auth(), session.principal());
    let (id, role) = (AccountId::parse(&id)?, choice(&assignment.role)?);
    let read = |account: Account| AccountBody::from(account);
    let seen = auth.account(principal, &id).await?;
    match EntityTag::of(&read(seen.clone())).require(&headers)? {
        true => auth.change_role(principal, &seen, &role).await?,
        false => auth.set_role(principal, &id, &role).await?,
    }
    Ok(Tagged(read(auth.account(principal, &id).await?)))
}

/// A built-in role by its name; a member if none is named.
pub(crate) fn built_in(role: Option<&str>) -> Result<Role, Problem> {
    let named = role.map(str::parse::<Role>).transpose();
    let named = named.map_err(|e| Problem::from(e).at("/role"))?;
    Ok(named.unwrap_or(Role::Member))
}

fn choice(role: &str) -> Result<RoleChoice, Problem> {
    if let Ok(built_in) = role.parse::<Role>() {
        return Ok(RoleChoice::BuiltIn(built_in));
    }
    let own = RoleName::parse(role).map_err(|e| Problem::from(e).at("/role"))?;
    Ok(RoleChoice::Custom(own))
}
