//! API keys: what programs log in with.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::Permission;
use karen_core::auth::{ApiKey, ApiKeyId, NewApiKey, Permissions, UseLimits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_api_keys, create_api_key))
        .routes(routes!(revoke_api_key))
        .routes(routes!(limit_api_key))
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct ApiKeyBody {
    id: String,
    name: String,
    /// The beginning of the key, to know it by.
    prefix: String,
    /// What it may do at most.
    permissions: Vec<&'static str>,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    last_used_at: Option<i64>,
    /// Unix milliseconds; null if it lasts until it is revoked.
    expires_at: Option<i64>,
    limits: KeyLimitsBody,
}

/// What may be used up with an API key; 0 means no limit, and each is 10^15 at most.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ApiKeyLimits)]
struct KeyLimitsBody {
    /// Tokens in any 24 hours.
    #[schema(example = 200_000, maximum = 1_000_000_000_000_000_u64)]
    tokens_per_day: u64,
    /// Tokens in any 30 days.
    #[schema(example = 4_000_000, maximum = 1_000_000_000_000_000_u64)]
    tokens_per_month: u64,
    /// Money in any 24 hours, in millionths of the unit that prices are in.
    #[schema(example = 500_000, maximum = 1_000_000_000_000_000_u64)]
    cost_micros_per_day: u64,
    /// Money in any 30 days, likewise.
    #[schema(example = 10_000_000, maximum = 1_000_000_000_000_000_u64)]
    cost_micros_per_month: u64,
}

#[derive(Serialize, ToSchema)]
struct ApiKeyList {
    data: Vec<ApiKeyBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiKeyRequest {
    /// What it is for.
    #[schema(example = "nightly import")]
    name: String,
    /// What it may do at most, such as `chat:use`; everything its owner may do if absent.
    permissions: Option<Vec<String>>,
    /// Seconds that it lasts; until it is revoked if absent.
    expires_in: Option<u64>,
}

/// An API key that was made a moment ago.
#[derive(Serialize, ToSchema)]
struct NewKey {
    /// The key itself: it is shown this once.
    key: String,
    #[serde(flatten)]
    info: ApiKeyBody,
}

/// The API keys of whoever asks
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "api-keys",
    responses((status = 200, body = ApiKeyList)),
)]
async fn list_api_keys(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<ApiKeyList>, Problem> {
    let keys = app.karen.auth().api_keys(session.principal()).await?;
    let data = keys.into_iter().map(ApiKeyBody::from).collect();
    Ok(Json(ApiKeyList { data }))
}

/// Make an API key
#[utoipa::path(
    post, path = "/api/v1/api-keys", tag = "api-keys",
    responses((status = 201, body = NewKey)),
)]
async fn create_api_key(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<ApiKeyRequest>,
) -> Result<(StatusCode, Json<NewKey>), Problem> {
    let granted = request
        .permissions
        .map(|names| permissions(&names))
        .transpose()?;
    let new = NewApiKey {
        name: request.name,
        permissions: granted,
        lifetime: request.expires_in.map(Duration::from_secs),
    };
    let (info, secret) = app
        .karen
        .auth()
        .create_api_key(session.principal(), new)
        .await?;
    let key = secret.expose().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(NewKey {
            key,
            info: info.into(),
        }),
    ))
}

/// Set what may be used up with an API key
///
/// It counts from the next request on. Who uses it up is told `QUOTA`.
#[utoipa::path(put, path = "/api/v1/api-keys/{id}/limits", tag = "api-keys", responses((status = 204)))]
async fn limit_api_key(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(limits): Json<KeyLimitsBody>,
) -> Result<StatusCode, Problem> {
    let (auth, id) = (app.karen.auth(), ApiKeyId::parse(&id)?);
    let limits = limits.into();
    auth.limit_api_key(session.principal(), &id, limits).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke an API key
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", responses((status = 204)))]
async fn revoke_api_key(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = ApiKeyId::parse(&id)?;
    app.karen
        .auth()
        .revoke_api_key(session.principal(), &id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn permissions(names: &[String]) -> Result<Permissions, Problem> {
    let parsed: Result<Permissions, _> = names
        .iter()
        .map(|name| name.parse::<Permission>())
        .collect();
    parsed.map_err(|error| Problem::from(error).at("/permissions"))
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            permissions: key.permissions.iter().map(|p| p.as_str()).collect(),
            created_at: key.created_at_ms,
            last_used_at: key.last_used_at_ms,
            expires_at: key.expires_at_ms,
            limits: key.limits.into(),
        }
    }
}

impl From<UseLimits> for KeyLimitsBody {
    fn from(limits: UseLimits) -> Self {
        Self {
            tokens_per_day: limits.tokens_per_day,
            tokens_per_month: limits.tokens_per_month,
            cost_micros_per_day: limits.cost_micros_per_day,
            cost_micros_per_month: limits.cost_micros_per_month,
        }
    }
}

impl From<KeyLimitsBody> for UseLimits {
    fn from(limits: KeyLimitsBody) -> Self {
        Self {
            tokens_per_day: limits.tokens_per_day,
            tokens_per_month: limits.tokens_per_month,
            cost_micros_per_day: limits.cost_micros_per_day,
            cost_micros_per_month: limits.cost_micros_per_month,
        }
    }
}
