//! A person's data: taking it along, and having it erased.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use karen_core::auth::{AccountId, TenantId};
use karen_core::{Erased, ErasureId, Receipt, Result};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::paging::Paging;
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;

const NDJSON: &str = "application/x-ndjson";

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_receipts))
}

/// What takes as long as there is much that is kept.
pub(crate) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(export_own))
        .routes(routes!(erase_own))
        .routes(routes!(erase_user))
        .routes(routes!(export_tenant))
        .routes(routes!(erase_tenant))
}

/// That everything of a person or a tenant was erased.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptBody {
    #[schema(example = "era_0198c5a8d5f57d0cb3a7c0f8a1e2d3c4")]
    id: String,
    /// The tenant that it was about.
    #[schema(example = "default")]
    tenant: String,
    /// The account that it was about; null for the whole tenant.
    account: Option<String>,
    /// The account that asked for it.
    asked_by: String,
    /// Unix milliseconds.
    asked_at: i64,
    /// Unix milliseconds.
    finished_at: i64,
    erased: ErasedBody,
    /// The number of the entry that tells of it, in the audit log of the tenant that asked.
    audit_seq: u64,
    /// The hash of that entry, in hexadecimal.
    audit_hash: String,
    /// SHA-256 of this receipt with this field empty, in hexadecimal.
    sha256: String,
}

/// How much was kept, when it began to be erased.
#[derive(Serialize, ToSchema)]
#[schema(as = Erased)]
struct ErasedBody {
    /// Accounts that were members.
    accounts: u64,
    conversations: u64,
    /// Messages in them.
    messages: u64,
    /// Turns, with their events.
    turns: u64,
    /// Records of what turns used.
    usage_records: u64,
    /// Memories, with what they were before.
    memories: u64,
}

#[derive(Serialize, ToSchema)]
struct ReceiptList {
    /// The oldest first.
    data: Vec<ReceiptBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

/// Everything that is kept of whoever asks, a line of JSON for each thing
///
/// Each line has a `kind`: `account`, `session`, `api_key`, `wishes`, `usage`, `conversation`,
/// `message`, `memory` or `audit`. A line that is cut off means that the export broke.
#[utoipa::path(
    get, path = "/api/v1/privacy/export", tag = "privacy",
    responses((status = 200, body = String, content_type = "application/x-ndjson")),
)]
async fn export_own(Caller(session): Caller) -> Result<Response, Problem> {
    exported(session.privacy().export()).await
}

/// Everything that is kept of everybody in a tenant
///
/// As a person's own export, with lines of the kinds `tenant` and `role` before it. Who asks has
/// shown their credentials lately.
#[utoipa::path(
    get, path = "/api/v1/tenants/{id}/export", tag = "tenants",
    responses((status = 200, body = String, content_type = "application/x-ndjson")),
)]
async fn export_tenant(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = TenantId::parse(&id)?;
    exported(session.privacy().export_tenant(tenant)).await
}

/// Erase everything that is kept of whoever asks
///
/// In every store, and the account with it if it has no other tenant. Sessions and keys are dead at
/// once, running answers are stopped, and what a crash cuts short goes on when Karen opens again.
/// The audit log keeps ids and addresses. Who asks has shown their credentials lately.
#[utoipa::path(
    post, path = "/api/v1/privacy/erase", tag = "privacy",
    responses((status = 200, body = ReceiptBody)),
)]
async fn erase_own(Caller(session): Caller) -> Result<Json<ReceiptBody>, Problem> {
    Ok(Json(session.privacy().erase().await?.into()))
}

/// Take somebody out of the tenant, with everything that is kept of them in it
///
/// As `POST /api/v1/privacy/erase`, for another account.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}", tag = "users",
    responses((status = 200, body = ReceiptBody)),
)]
async fn erase_user(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<ReceiptBody>, Problem> {
    let account = AccountId::parse(&id)?;
    let receipt = session.privacy().erase_user(&account).await?;
    Ok(Json(receipt.into()))
}

/// Delete a tenant with everything that it owns in every store
///
/// Its members are out at once. What a crash cuts short goes on when Karen opens again.
#[utoipa::path(
    delete, path = "/api/v1/tenants/{id}", tag = "tenants",
    responses((status = 200, body = ReceiptBody)),
)]
async fn erase_tenant(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<ReceiptBody>, Problem> {
    let tenant = TenantId::parse(&id)?;
    let receipt = session.privacy().erase_tenant(&tenant).await?;
    Ok(Json(receipt.into()))
}

/// The receipts of what was erased at the tenant's wish
#[utoipa::path(
    get, path = "/api/v1/privacy/receipts", tag = "privacy",
    params(Paging),
    responses((status = 200, body = ReceiptList)),
)]
async fn list_receipts(
    Caller(session): Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<ReceiptList>, Problem> {
    let (after, limit) = (paging.cursor.as_deref(), paging.limit()?);
    let after = after.map(ErasureId::parse).transpose()?;
    let page = session.privacy().receipts(after.as_ref(), limit).await?;
    Ok(Json(ReceiptList {
        data: page.receipts.into_iter().map(ReceiptBody::from).collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    }))
}

/// What may not be had is a problem; what breaks later cuts the body off.
async fn exported(mut lines: BoxStream<'static, Result<String>>) -> Result<Response, Problem> {
    let first = lines.next().await.transpose()?;
    let lines = stream::iter(first.map(Ok)).chain(lines);
    let lines = lines.map(|line| line.map(|line| Bytes::from(line + "\n")));
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self {
            id: receipt.id.to_string(),
            tenant: receipt.tenant,
            account: receipt.account,
            asked_by: receipt.asked_by,
            asked_at: receipt.asked_at,
            finished_at: receipt.finished_at,
            erased: receipt.erased.into(),
            audit_seq: receipt.audit_seq,
            audit_hash: receipt.audit_hash,
            sha256: receipt.sha256,
        }
    }
}

impl From<Erased> for ErasedBody {
    fn from(erased: Erased) -> Self {
        Self {
            accounts: erased.accounts,
            conversations: erased.conversations,
            messages: erased.messages,
            turns: erased.turns,
            usage_records: erased.usage_records,
            memories: erased.memories,
        }
    }
}
