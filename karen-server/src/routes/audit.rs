//! The audit log of a tenant.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream;
use karen_core::Code;
use karen_core::auth::{AuditChain, AuditCheckpoint, AuditEntry, AuditFormat, AuthError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use super::paging::Paging;
use crate::app::App;
use crate::extract::{Caller, Json, Query};
use crate::problem::Problem;

/// Entries that are read at once.
const EXPORT_PAGE: u32 = 200;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_audit))
}

/// What takes as long as the log is long.
pub(crate) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(verify_audit, verify_audit_against))
        .routes(routes!(audit_checkpoint))
        .routes(routes!(export_audit))
}

/// One thing that happened. It holds ids, never a secret or what somebody wrote.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct AuditEntryBody {
    /// Counts from 1 within the tenant, without gaps.
    #[schema(example = 1)]
    seq: u64,
    /// Unix milliseconds.
    at: i64,
    /// What was done.
    #[schema(example = "login")]
    action: &'static str,
    /// `allowed` or `refused`.
    #[schema(example = "allowed")]
    outcome: &'static str,
    /// The account that did it; null where nobody is known by that name.
    actor: Option<String>,
    /// The id of what it was done to.
    subject: Option<String>,
    /// Where from.
    #[schema(example = "192.0.2.1")]
    address: Option<String>,
    /// SHA-256 over the hash before it and this entry, in hexadecimal.
    hash: String,
}

#[derive(Serialize, ToSchema)]
struct AuditPage {
    /// The oldest first.
    data: Vec<AuditEntryBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

/// Where a log ends that was found whole. Kept elsewhere, it shows later whether the end was cut.
#[derive(Serialize, ToSchema)]
struct AuditHead {
    /// The number of the last entry; 0 for an empty log.
    seq: u64,
    /// Its hash, in hexadecimal.
    hash: String,
}

/// A line that says where a log ended, signed.
#[derive(Serialize, ToSchema)]
struct CheckpointBody {
    /// To be kept where who can write the database cannot write.
    checkpoint: String,
}

/// Checkpoints that were kept elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeptCheckpoints {
    #[schema(max_items = 1000)]
    checkpoints: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// `jsonl` or `syslog` (RFC 5424); `jsonl` if absent.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ExportFormat {
    #[default]
    Jsonl,
    Syslog,
}

/// What happened in the tenant
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit",
    params(Paging),
    responses((status = 200, body = AuditPage)),
)]
async fn list_audit(
    State(app): State<App>,
    Caller(session): Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<AuditPage>, Problem> {
    let (after, limit) = (after(&paging)?, paging.limit()?);
    let auth = app.karen.auth();
    let entries = auth.audit_log(session.principal(), after, limit).await?;
    let next_cursor = paging.next(&entries, |entry| entry.seq.to_string());
    let data = entries.into_iter().map(AuditEntryBody::from).collect();
    Ok(Json(AuditPage { data, next_cursor }))
}

/// Check that no entry was changed, removed or moved
///
/// A log that was tampered with answers `CORRUPT`, with the number of the first wrong entry.
#[utoipa::path(
    get, path = "/api/v1/audit/verify", tag = "audit",
    responses((status = 200, body = AuditHead)),
)]
async fn verify_audit(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<AuditHead>, Problem> {
    let auth = app.karen.auth();
    let chain = auth.verify_audit_log(session.principal(), &[]).await?;
    Ok(Json(chain.into()))
}

/// Check the same, and that nothing is gone that was signed
///
/// Takes checkpoints that were kept elsewhere. A log whose end was cut off, or that was written anew,
/// answers `CORRUPT` too.
#[utoipa::path(
    post, path = "/api/v1/audit/verify", tag = "audit",
    responses((status = 200, body = AuditHead)),
)]
async fn verify_audit_against(
    State(app): State<App>,
    Caller(session): Caller,
    Json(kept): Json<KeptCheckpoints>,
) -> Result<Json<AuditHead>, Problem> {
    let kept = kept.checkpoints.iter().map(|line| line.parse());
    let kept: Vec<AuditCheckpoint> = kept.collect::<Result<_, AuthError>>()?;
    let auth = app.karen.auth();
    let chain = auth.verify_audit_log(session.principal(), &kept).await?;
    Ok(Json(chain.into()))
}

/// Check the log, and sign where it ends
#[utoipa::path(
    get, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, body = CheckpointBody)),
)]
async fn audit_checkpoint(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<CheckpointBody>, Problem> {
    let auth = app.karen.auth();
    let checkpoint = auth.audit_checkpoint(session.principal()).await?;
    let checkpoint = checkpoint.to_string();
    Ok(Json(CheckpointBody { checkpoint }))
}

/// The whole log as lines, for what collects logs
#[utoipa::path(
    get, path = "/api/v1/audit/export", tag = "audit",
    params(ExportQuery),
    responses((status = 200, description = "A line an entry", content(
        (String = "application/x-ndjson"), (String = "text/plain"),
    ))),
)]
async fn export_audit(
    State(app): State<App>,
    Caller(session): Caller,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let (format, kind) = match query.format {
        ExportFormat::Jsonl => (AuditFormat::JsonLines, "application/x-ndjson"),
        ExportFormat::Syslog => (AuditFormat::Syslog, "text/plain; charset=utf-8"),
    };
    let (auth, principal) = (app.karen.auth().clone(), session.principal().clone());
    let first = auth.audit_log(&principal, 0, EXPORT_PAGE).await?;
    let pages = stream::try_unfold(Some(first), move |page| {
        let (auth, principal) = (auth.clone(), principal.clone());
        async move {
            let Some(last) = page.as_ref().and_then(|page| page.last()) else {
                return Ok(None);
            };
            let next = auth.audit_log(&principal, last.seq, EXPORT_PAGE).await?;
            Ok::<_, AuthError>(page.map(|page| (lines(&page, format), Some(next))))
        }
    });
    Ok(([(CONTENT_TYPE, kind)], Body::from_stream(pages)).into_response())
}

fn lines(page: &[AuditEntry], format: AuditFormat) -> Bytes {
    page.iter()
        .map(|entry| entry.line(format) + "\n")
        .collect::<String>()
        .into()
}

fn after(paging: &Paging) -> Result<u64, Problem> {
    let read = paging.cursor.as_deref().map(str::parse::<u64>).transpose();
    let wrong = |_| {
        let detail = "the cursor is none that a page of the audit log gave";
        Problem::new(Code::InvalidArgument, detail)
    };
    Ok(read.map_err(wrong)?.unwrap_or(0))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<AuditChain> for AuditHead {
    fn from(chain: AuditChain) -> Self {
        let (seq, hash) = chain.head();
        Self {
            seq,
            hash: hex(&hash),
        }
    }
}

impl From<AuditEntry> for AuditEntryBody {
    fn from(entry: AuditEntry) -> Self {
        let event = entry.event;
        Self {
            seq: entry.seq,
            at: event.at_ms,
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.map(|actor| actor.to_string()),
            subject: event.subject,
            address: event.address.map(|address| address.to_string()),
            hash: hex(&entry.hash),
        }
    }
}
