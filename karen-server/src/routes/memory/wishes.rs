//! What a person wants of memory, and the work that follows from it.

use karen_core::memory::{Cleanup, Consent, Consolidated, Retention};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::search::memories_of;
use crate::extract::{Caller, Json, Query};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(memory_consent, set_memory_consent))
        .routes(routes!(memory_retention, set_memory_retention))
}

pub(super) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(consolidate_memory))
        .routes(routes!(clean_up_memory))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ConsentQuery {
    /// Of this conversation; of everything, if absent.
    conversation: Option<String>,
}

/// Whether what is said may be remembered.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemoryConsent)]
struct ConsentBody {
    /// `false` keeps nothing from now on; what is there stays until it is forgotten.
    remember: bool,
}

/// Days that memories are kept after their last use; null keeps them for good.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemoryRetention)]
struct RetentionBody {
    /// What matters little: an importance below 0.5.
    short_days: Option<u32>,
    /// What nobody rated: an importance below 0.8.
    medium_days: Option<u32>,
    /// What matters.
    long_days: Option<u32>,
    /// Days that a memory stays put away, and can be restored, before it is forgotten for good.
    #[serde(default = "grace_days")]
    #[schema(default = 30)]
    grace_days: u32,
}

fn grace_days() -> u32 {
    Retention::default().grace_days
}

/// What consolidating did.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryConsolidated)]
struct ConsolidatedBody {
    /// Notes looked at.
    examined: u64,
    /// Summaries added.
    added: u64,
    /// Notes whose place a later one took.
    superseded: u64,
    /// Proposals that the guard refused.
    refused: u64,
}

/// What cleaning up did.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryCleanup)]
struct CleanupBody {
    /// Put away, and can be restored.
    archived: u64,
    /// Forgotten for good.
    purged: u64,
}

/// Whether anything may be remembered
#[utoipa::path(
    get, path = "/api/v1/memory/consent", tag = "memory",
    params(ConsentQuery),
    responses((status = 200, body = ConsentBody)),
)]
async fn memory_consent(
    Caller(session): Caller,
    Query(query): Query<ConsentQuery>,
) -> Result<Json<ConsentBody>, Problem> {
    let memories = memories_of(&session, query.conversation.as_deref())?;
    let remember = memories.consent().await? == Consent::Remember;
    Ok(Json(ConsentBody { remember }))
}

/// Decide whether anything may be remembered
///
/// A refusal for everything holds in every conversation.
#[utoipa::path(
    put, path = "/api/v1/memory/consent", tag = "memory",
    params(ConsentQuery),
    responses((status = 200, body = ConsentBody)),
)]
async fn set_memory_consent(
    Caller(session): Caller,
    Query(query): Query<ConsentQuery>,
    Json(wish): Json<ConsentBody>,
) -> Result<Json<ConsentBody>, Problem> {
    let memories = memories_of(&session, query.conversation.as_deref())?;
    let consent = match wish.remember {
        true => Consent::Remember,
        false => Consent::DoNotRemember,
    };
    memories.set_consent(consent).await?;
    // A refusal for everything may outweigh what was said of the conversation.
    let remember = memories.consent().await? == Consent::Remember;
    Ok(Json(ConsentBody { remember }))
}

/// How long memories are kept
#[utoipa::path(
    get, path = "/api/v1/memory/retention", tag = "memory",
    responses((status = 200, body = RetentionBody)),
)]
async fn memory_retention(Caller(session): Caller) -> Result<Json<RetentionBody>, Problem> {
    Ok(Json(session.memories().retention().await?.into()))
}

/// Decide how long memories are kept
///
/// Cleaning up acts on it.
#[utoipa::path(
    put, path = "/api/v1/memory/retention", tag = "memory",
    responses((status = 200, body = RetentionBody)),
)]
async fn set_memory_retention(
    Caller(session): Caller,
    Json(wish): Json<RetentionBody>,
) -> Result<Json<RetentionBody>, Problem> {
    let memories = session.memories();
    memories.set_retention(wish.into()).await?;
    Ok(Json(memories.retention().await?.into()))
}

/// Add what the notes since the last time have in common
#[utoipa::path(
    post, path = "/api/v1/memory/consolidate", tag = "memory",
    responses((status = 200, body = ConsolidatedBody)),
)]
async fn consolidate_memory(Caller(session): Caller) -> Result<Json<ConsolidatedBody>, Problem> {
    Ok(Json(session.memories().consolidate().await?.into()))
}

/// Put away what is kept no longer, and forget what has been away for long enough
#[utoipa::path(
    post, path = "/api/v1/memory/clean-up", tag = "memory",
    responses((status = 200, body = CleanupBody)),
)]
async fn clean_up_memory(Caller(session): Caller) -> Result<Json<CleanupBody>, Problem> {
    Ok(Json(session.memories().clean_up().await?.into()))
}

impl From<RetentionBody> for Retention {
    fn from(body: RetentionBody) -> Self {
        Self {
            short_days: body.short_days,
            medium_days: body.medium_days,
            long_days: body.long_days,
            grace_days: body.grace_days,
        }
    }
}

impl From<Retention> for RetentionBody {
    fn from(retention: Retention) -> Self {
        Self {
            short_days: retention.short_days,
            medium_days: retention.medium_days,
            long_days: retention.long_days,
            grace_days: retention.grace_days,
        }
    }
}

impl From<Consolidated> for ConsolidatedBody {
    fn from(done: Consolidated) -> Self {
        Self {
            examined: done.examined,
            added: done.added,
            superseded: done.superseded,
            refused: done.refused,
        }
    }
}

impl From<Cleanup> for CleanupBody {
    fn from(done: Cleanup) -> Self {
        Self {
            archived: done.archived,
            purged: done.purged,
        }
    }
}
