//! The accounts of a tenant.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::auth::{AccountId, NewAccount, Page, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use super::auth::AccountBody;
use crate::app::App;
use crate::extract::{Caller, Json, Query};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_users, create_user))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UsersQuery {
    /// 1 to 200; 50 if absent.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: u32,
    /// The id of the last account of the page before.
    after: Option<String>,
}

fn default_limit() -> u32 {
    50
}

#[derive(Serialize, ToSchema)]
struct UserList {
    data: Vec<AccountBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserRequest {
    email: String,
    /// What the person wants to be called.
    name: String,
    /// 15 to 128 characters.
    password: String,
    /// `admin`, `operator`, `developer`, `member`, `viewer` or `service`; `member` if absent.
    role: Option<String>,
}

/// The accounts of the tenant
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users",
    params(UsersQuery),
    responses((status = 200, body = UserList)),
)]
async fn list_users(
    State(app): State<App>,
    Caller(session): Caller,
    Query(query): Query<UsersQuery>,
) -> Result<Json<UserList>, Problem> {
    let after = query.after.as_deref().map(AccountId::parse).transpose()?;
    let page = Page {
        limit: query.limit,
        after: after.as_ref(),
    };
    let accounts = app.karen.auth().accounts(session.principal(), page).await?;
    let data = accounts.into_iter().map(AccountBody::from).collect();
    Ok(Json(UserList { data }))
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
    let role = match &request.role {
        Some(name) => name.parse().map_err(|e| Problem::from(e).at("/role"))?,
        None => Role::Member,
    };
    let new = NewAccount {
        email: request.email,
        name: request.name,
        password: request.password,
    };
    let account = app
        .karen
        .auth()
        .create_account(session.principal(), new, role)
        .await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}
