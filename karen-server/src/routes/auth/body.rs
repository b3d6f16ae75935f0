//! What those see who come in: accounts and tokens on the wire.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use karen_core::auth::{Account, SignedIn};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cookie;
use crate::extract::Json;

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

/// The answer to a login, with the refresh token also as a cookie.
pub(crate) fn signed_in(app: &App, headers: &HeaderMap, signed: SignedIn) -> Response {
    let cookie = kept_cookie(app, headers, &signed);
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

/// The cookie that keeps a browser signed in.
pub(super) fn kept_cookie(app: &App, headers: &HeaderMap, signed: &SignedIn) -> HeaderValue {
    let day = Duration::from_secs(24 * 60 * 60);
    let lifetime = day * app.karen.config().auth.session_days;
    cookie::keep(signed.refresh.expose(), lifetime, headers)
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
