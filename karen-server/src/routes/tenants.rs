//! Tenants: for operators of the installation, and for who belongs to several.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use karen_core::auth::{NewAccount, PlanName, Tenant, TenantId, TenantLimits, UseLimits};
use karen_core::{TenantUsage, UsageTotal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::auth::{AccountBody, SignedInBody, goes_on};
use super::paging::Paging;
use crate::app::App;
use crate::extract::{Caller, Json, Path, Query, Visitor};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_tenants, create_tenant))
        .routes(routes!(suspend_tenant))
        .routes(routes!(resume_tenant))
        .routes(routes!(limit_tenant))
        .routes(routes!(plan_tenant))
        .routes(routes!(list_plans))
        .routes(routes!(own_tenant))
        .routes(routes!(own_tenants))
        .routes(routes!(switch_tenant))
}

/// People and data that others never see.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
struct TenantBody {
    #[schema(example = "default")]
    id: String,
    #[schema(example = "Analytical Engines")]
    name: String,
    /// `active` or `suspended`.
    #[schema(example = "active")]
    state: &'static str,
    limits: LimitsBody,
    /// The plan that these limits are of; null for limits of its own.
    #[schema(example = "pro")]
    plan: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
}

/// What a tenant may use up; 0 means no limit.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantLimits)]
struct LimitsBody {
    /// Members, disabled ones too.
    #[schema(example = 50)]
    users: u32,
    /// Tokens of all members together in any 24 hours, 10^15 at most.
    #[schema(example = 2_000_000, maximum = 1_000_000_000_000_000_u64)]
    tokens_per_day: u64,
    /// Tokens of all members together in any 30 days, 10^15 at most.
    #[schema(example = 40_000_000, maximum = 1_000_000_000_000_000_u64)]
    tokens_per_month: u64,
    /// Money of all members together in any 24 hours, in millionths of the unit that prices are in;
    /// 10^15 at most.
    #[serde(default)]
    #[schema(example = 5_000_000, maximum = 1_000_000_000_000_000_u64)]
    cost_micros_per_day: u64,
    /// Money of all members together in any 30 days, likewise.
    #[serde(default)]
    #[schema(example = 100_000_000, maximum = 1_000_000_000_000_000_u64)]
    cost_micros_per_month: u64,
    /// Requests of all members together in any minute; no limit if absent.
    #[schema(example = 600)]
    #[serde(default)]
    requests_per_minute: u32,
    /// Mebibytes of what all members have said, been answered and noted together; no limit if absent.
    #[schema(example = 1024)]
    #[serde(default)]
    storage_mib: u32,
}

/// Limits that tenants have in common.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanBody {
    #[schema(example = "pro")]
    name: String,
    limits: LimitsBody,
}

#[derive(Serialize, ToSchema)]
struct PlanList {
    data: Vec<PlanBody>,
}

/// Which plan a tenant is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanChoice {
    #[schema(example = "pro")]
    plan: String,
}

/// A tenant, and what it has used.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUsage)]
struct TenantUsageBody {
    tenant: TenantBody,
    /// Members, disabled ones too.
    #[schema(example = 12)]
    users: u64,
    /// Bytes of what all members have said, been answered and noted.
    #[schema(example = 48_000_000)]
    stored_bytes: u64,
    /// In the last 24 hours.
    day: UsedBody,
    /// In the last 30 days.
    month: UsedBody,
}

/// What all members used together.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUsed)]
struct UsedBody {
    #[schema(example = 120)]
    turns: u64,
    /// Read and written.
    #[schema(example = 48_000)]
    tokens: u64,
    /// What they cost, in millionths of the unit that prices are in.
    #[schema(example = 1_250_000)]
    cost_micros: u64,
}

#[derive(Serialize, ToSchema)]
struct TenantList {
    data: Vec<TenantBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantRequest {
    #[schema(example = "Analytical Engines")]
    name: String,
    owner: OwnerRequest,
}

/// Who owns a new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnerRequest {
    #[schema(example = "ada@example.com")]
    email: String,
    /// What the person wants to be called.
    #[schema(example = "Ada")]
    name: String,
    /// 15 to 128 characters.
    #[schema(example = "a handful of plain words")]
    password: String,
}

/// A tenant and its first owner.
#[derive(Serialize, ToSchema)]
struct NewTenant {
    tenant: TenantBody,
    owner: AccountBody,
}

/// The tenants of the installation
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "tenants",
    params(Paging),
    responses((status = 200, body = TenantList)),
)]
async fn list_tenants(
    State(app): State<App>,
    Caller(session): Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<TenantList>, Problem> {
    let after = paging.after(TenantId::parse)?;
    let page = paging.page(after.as_ref())?;
    let tenants = app.karen.auth().tenants(session.principal(), page).await?;
    let next_cursor = paging.next(&tenants, |tenant| tenant.id.to_string());
    let data = tenants.into_iter().map(TenantBody::from).collect();
    Ok(Json(TenantList { data, next_cursor }))
}

/// Make a tenant with its first owner
#[utoipa::path(
    post, path = "/api/v1/tenants", tag = "tenants",
    responses((status = 201, body = NewTenant)),
)]
async fn create_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<TenantRequest>,
) -> Result<(StatusCode, Json<NewTenant>), Problem> {
    let owner = NewAccount {
        email: request.owner.email,
        name: request.owner.name,
        password: request.owner.password,
    };
    let auth = app.karen.auth();
    let made = auth.create_tenant(session.principal(), &request.name, owner);
    let (tenant, owner) = made.await?;
    let made = NewTenant {
        tenant: tenant.into(),
        owner: owner.into(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Shut everybody out of a tenant, at once
#[utoipa::path(
    post, path = "/api/v1/tenants/{id}/suspend", tag = "tenants",
    responses((status = 204)),
)]
async fn suspend_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = TenantId::parse(&id)?;
    let auth = app.karen.auth();
    auth.suspend_tenant(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let the members of a suspended tenant in again
#[utoipa::path(
    post, path = "/api/v1/tenants/{id}/resume", tag = "tenants",
    responses((status = 204)),
)]
async fn resume_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = TenantId::parse(&id)?;
    let auth = app.karen.auth();
    auth.resume_tenant(session.principal(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set what a tenant may use up, for itself
///
/// It counts from the next member, the next turn and the next request on. The tenant has no plan then.
#[utoipa::path(
    put, path = "/api/v1/tenants/{id}/limits", tag = "tenants",
    responses((status = 200, body = TenantBody)),
)]
async fn limit_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(limits): Json<LimitsBody>,
) -> Result<Json<TenantBody>, Problem> {
    let (auth, id) = (app.karen.auth(), TenantId::parse(&id)?);
    let tenant = auth.limit_tenant(session.principal(), &id, limits.into());
    Ok(Json(tenant.await?.into()))
}

/// Give a tenant a plan, which says what it may use up
#[utoipa::path(
    put, path = "/api/v1/tenants/{id}/plan", tag = "tenants",
    responses((status = 200, body = TenantBody)),
)]
async fn plan_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(choice): Json<PlanChoice>,
) -> Result<Json<TenantBody>, Problem> {
    let (auth, id) = (app.karen.auth(), TenantId::parse(&id)?);
    let plan = PlanName::parse(&choice.plan).map_err(|e| Problem::from(e).at("/plan"))?;
    let tenant = auth.plan_tenant(session.principal(), &id, &plan);
    Ok(Json(tenant.await?.into()))
}

/// The plans that tenants may have
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "tenants",
    responses((status = 200, body = PlanList)),
)]
async fn list_plans(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<PlanList>, Problem> {
    let plans = app.karen.auth().plans(session.principal())?.into_iter();
    let data = plans.map(|(name, limits)| PlanBody {
        name: name.to_string(),
        limits: limits.into(),
    });
    Ok(Json(PlanList {
        data: data.collect(),
    }))
}

/// The tenant of whoever asks, what it may use up, and what it has used
#[utoipa::path(
    get, path = "/api/v1/tenant", tag = "tenants",
    responses((status = 200, body = TenantUsageBody)),
)]
async fn own_tenant(Caller(session): Caller) -> Result<Json<TenantUsageBody>, Problem> {
    Ok(Json(session.tenant().await?.into()))
}

/// The tenants that whoever asks belongs to
#[utoipa::path(
    get, path = "/api/v1/me/tenants", tag = "me",
    responses((status = 200, body = TenantList)),
)]
async fn own_tenants(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<TenantList>, Problem> {
    let tenants = app.karen.auth().own_tenants(session.principal()).await?;
    let data = tenants.into_iter().map(TenantBody::from).collect();
    let next_cursor = None;
    Ok(Json(TenantList { data, next_cursor }))
}

/// Go on in another of one's tenants
#[utoipa::path(
    post, path = "/api/v1/me/tenants/{id}/switch", tag = "me",
    responses((status = 200, body = SignedInBody)),
)]
async fn switch_tenant(
    State(app): State<App>,
    Caller(session): Caller,
    Visitor(device): Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (auth, id) = (app.karen.auth(), TenantId::parse(&id)?);
    let signed = auth.switch_tenant(session.principal(), &id, device).await?;
    Ok(goes_on(&app, &headers, signed))
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.name,
            state: tenant.state.as_str(),
            limits: tenant.limits.into(),
            plan: tenant.plan.map(|plan| plan.to_string()),
            created_at: tenant.created_at_ms,
        }
    }
}

impl From<TenantUsage> for TenantUsageBody {
    fn from(usage: TenantUsage) -> Self {
        Self {
            tenant: usage.tenant.into(),
            users: usage.users,
            stored_bytes: usage.stored_bytes,
            day: usage.day.into(),
            month: usage.month.into(),
        }
    }
}

impl From<UsageTotal> for UsedBody {
    fn from(total: UsageTotal) -> Self {
        Self {
            turns: total.turns,
            tokens: total.tokens,
            cost_micros: total.cost_micros,
        }
    }
}

impl From<TenantLimits> for LimitsBody {
    fn from(limits: TenantLimits) -> Self {
        Self {
            users: limits.users,
            tokens_per_day: limits.uses.tokens_per_day,
            tokens_per_month: limits.uses.tokens_per_month,
            cost_micros_per_day: limits.uses.cost_micros_per_day,
            cost_micros_per_month: limits.uses.cost_micros_per_month,
            requests_per_minute: limits.requests_per_minute,
            storage_mib: limits.storage_mib,
        }
    }
}

impl From<LimitsBody> for TenantLimits {
    fn from(limits: LimitsBody) -> Self {
        Self {
            users: limits.users,
            uses: UseLimits {
                tokens_per_day: limits.tokens_per_day,
                tokens_per_month: limits.tokens_per_month,
                cost_micros_per_day: limits.cost_micros_per_day,
                cost_micros_per_month: limits.cost_micros_per_month,
            },
            requests_per_minute: limits.requests_per_minute,
            storage_mib: limits.storage_mib,
        }
    }
}
