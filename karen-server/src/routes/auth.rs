//! Logging in and out.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::Code;
use karen_core::auth::{Account, NewAccount, SignedIn};
use serde::{Deserialize, Serialize};
use tower_http::csrf::CsrfLayer;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::cookie;
use crate::extract::{Caller, Json, Visitor};
use crate::problem::Problem;

/// Routes that hand out cookies, or take one, refuse other sites.
pub(crate) fn routes() -> Routes {
    let foreign = |_| {
        Problem::new(Code::Forbidden, "another site may not do this in your name").into_response()
    };
    Routes::new()
        .routes(routes!(register))
        .routes(routes!(log_in))
        .routes(routes!(refresh))
        .route_layer(CsrfLayer::new().with_rejection_response(foreign))
}

pub(crate) fn guarded_routes() -> Routes {
    Routes::new().routes(routes!(log_out))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    email: String,
    /// What the person wants to be called.
    name: String,
    /// 15 to 128 characters.
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    email: String,
    password: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    /// Not needed by browsers, which send it as a cookie.
    refresh_token: Option<String>,
}

/// What somebody gets who has logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(crate) struct SignedInBody {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token is good for.
    expires_in: u64,
    /// Fetches the next access token, once.
    refresh_token: String,
    account: AccountBody,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountBody {
    id: String,
    email: String,
    name: String,
    role: &'static str,
    tenant: String,
    /// `active` or `disabled`.
    state: &'static str,
    /// Unix milliseconds.
    created_at: i64,
}

/// Make an account, where registration is open
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "auth",
    responses((status = 201, body = SignedInBody)),
)]
async fn register(
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
    Ok((StatusCode::CREATED, signed_in(&app, &headers, signed)))
}

/// Log in
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
async fn log_in(
    State(app): State<App>,
    Visitor(device): Visitor,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Problem> {
    let (email, password) = (&request.email, &request.password);
    let signed = app.karen.auth().log_in(email, password, device).await?;
    Ok(signed_in(&app, &headers, signed))
}

/// Get the next access token
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    request: Option<Json<RefreshRequest>>,
) -> Result<Response, Problem> {
    let given = request.and_then(|Json(request)| request.refresh_token);
    let token = given
        .as_deref()
        .or_else(|| cookie::token(&headers))
        .ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                "a refresh token is needed: log in again",
            )
        })?;
    match app.karen.auth().refresh(token).await {
        Ok(signed) => Ok(signed_in(&app, &headers, signed)),
        Err(error) => Ok(refused(Problem::from(error), &headers)),
    }
}

/// A cookie that is no good any more is taken back along with the refusal.
fn refused(problem: Problem, headers: &HeaderMap) -> Response {
    if problem.code != Code::Unauthenticated {
        return problem.into_response();
    }
    ([(SET_COOKIE, cookie::forget(headers))], problem).into_response()
}

/// Log out: the session ends at once
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn log_out(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.karen.auth().log_out(session.principal()).await?;
    let cookie = [(SET_COOKIE, cookie::forget(&headers))];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// The answer to a login, with the refresh token also as a cookie.
pub(crate) fn signed_in(app: &App, headers: &HeaderMap, signed: SignedIn) -> Response {
    let day = Duration::from_secs(24 * 60 * 60);
    let lifetime = day * app.karen.config().auth.session_days;
    let cookie = cookie::keep(signed.refresh.expose(), lifetime, headers);
    let body = SignedInBody {
        access_token: signed.access.expose().to_owned(),
        token_type: "Bearer",
        expires_in: signed.expires_in.as_secs(),
        refresh_token: signed.refresh.expose().to_owned(),
        account: signed.account.into(),
    };
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([(SET_COOKIE, cookie), no_store], Json(body)).into_response()
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            email: account.email.as_str().to_owned(),
            name: account.name,
            role: account.role.as_str(),
            tenant: account.tenant.to_string(),
            state: account.state.as_str(),
            created_at: account.created_at_ms,
        }
    }
}
