//! What those see who come in: accounts and tokens on the wire.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Response};
use karen_core::auth::{Account, SignedIn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cookie;
use crate::extract::Json;
use crate::problem::Problem;

/// What somebody gets who has logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(crate) struct SignedInBody {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that the access token is good for.
    #[schema(example = 300)]
    expires_in: u64,
    /// Fetches the next access token, once.
    refresh_token: String,
    account: AccountBody,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountBody {
    #[schema(example = "usr_01890a5d63ac7b1c8b4e1f9f2d3c4b5a")]
    id: String,
    #[schema(example = "ada@example.com")]
    email: String,
    /// When its owner has shown that they read that address, unix milliseconds.
    email_verified_at: Option<i64>,
    #[schema(example = "Ada")]
    name: String,
    /// A built-in role, or one of the tenant's own.
    #[schema(example = "member")]
    role: String,
    #[schema(example = "default")]
    tenant: String,
    /// `active` or `disabled`.
    #[schema(example = "active")]
    state: &'static str,
    /// Unix milliseconds.
    #[schema(example = 1_795_000_000_000_i64)]
    created_at: i64,
}

/// The answer to a login. The session that the browser had before is over: its token is lost.
pub(crate) async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    signed: SignedIn,
) -> Result<Response, Problem> {
    if let Some(before) = cookie::token(headers) {
        app.karen.auth().give_up(before).await?;
    }
    Ok(goes_on(app, headers, signed))
}

/// Tokens to go on with, the refresh token also as a cookie.
pub(crate) fn goes_on(app: &App, headers: &HeaderMap, signed: SignedIn) -> Response {
    let cookies = kept_cookies(app, headers, &signed);
    let body = SignedInBody {
        access_token: signed.access.expose().to_owned(),
        token_type: "Bearer",
        expires_in: signed.expires_in.as_secs(),
        refresh_token: signed.refresh.expose().to_owned(),
        account: signed.account.into(),
    };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, AppendHeaders(cookies), Json(body)).into_response()
}

/// The cookies that keep a browser signed in, and known.
pub(super) fn kept_cookies(
    app: &App,
    headers: &HeaderMap,
    signed: &SignedIn,
) -> Vec<(HeaderName, HeaderValue)> {
    let day = Duration::from_secs(24 * 60 * 60);
    let lifetime = day * app.karen.config().auth.session_days;
    let refresh = cookie::keep(signed.refresh.expose(), lifetime, headers);
    let device = signed.device.as_ref();
    let device = device.map(|token| cookie::device::keep(token.expose(), headers));
    let cookies = std::iter::once(refresh).chain(device);
    cookies.map(|cookie| (SET_COOKIE, cookie)).collect()
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        let own_role = account.custom_role.map(|role| role.name.to_string());
        Self {
            id: account.id.to_string(),
            email: account.email.as_str().to_owned(),
            email_verified_at: account.email_verified_at_ms,
            name: account.name,
            role: own_role.unwrap_or_else(|| account.role.as_str().to_owned()),
            tenant: account.tenant.to_string(),
            state: account.state.as_str(),
            created_at: account.created_at_ms,
        }
    }
}
