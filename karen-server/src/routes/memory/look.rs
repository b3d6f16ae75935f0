//! Looking at what is remembered.

use karen_core::Inspection;
use karen_core::memory::{
    ChangeKind, Cursor, Link, Page, RecordKind, RecordPage, Relation, Stats, Version, When,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::body::MemoryBody;
use super::search::memories_of;
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_memories))
        .routes(routes!(list_facts))
        .routes(routes!(memory_stats))
        .routes(routes!(get_memory))
        .routes(routes!(memory_history))
        .routes(routes!(inspect_memory))
}

#[derive(Serialize, ToSchema)]
struct MemoryPage {
    /// Newest first.
    data: Vec<MemoryBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MemoriesQuery {
    /// 1 to 1000; 50 if absent.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// `fact`, `turn`, `instruction` or `summary`; all if absent.
    #[param(value_type = Option<String>)]
    kind: Option<RecordKind>,
    /// What belongs to this conversation only.
    conversation: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FactsQuery {
    /// 1 to 1000; 50 if absent.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 1000)]
    limit: u32,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// What held at this unix millisecond; at present, if absent.
    valid_at: Option<i64>,
    /// As it was known at this one; as it is known now, if absent.
    known_at: Option<i64>,
}

fn default_limit() -> u32 {
    50
}

/// How much is remembered. Memories of one sort may be of another too.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryStats)]
struct StatsBody {
    /// All of them.
    memories: u64,
    facts: u64,
    turns: u64,
    instructions: u64,
    summaries: u64,
    /// Neither over, nor retired, nor put away.
    present: u64,
    pinned: u64,
    /// Another memory took their place.
    superseded: u64,
    /// Put away by cleaning up.
    archived: u64,
    /// Unix milliseconds when the oldest was said.
    first_at: Option<i64>,
    /// When the newest was.
    last_at: Option<i64>,
}

/// What a memory was before a change.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryVersion)]
struct VersionBody {
    /// Counts from 1.
    version: i64,
    /// Unix milliseconds when it changed.
    changed_at: i64,
    /// What ended this version: `edited`, `superseded`, `retired`, `archived` or `restored`.
    #[schema(value_type = String)]
    change: ChangeKind,
    memory: MemoryBody,
}

#[derive(Serialize, ToSchema)]
struct MemoryHistory {
    /// Oldest first; empty for what never changed.
    data: Vec<VersionBody>,
}

/// One memory says something of another.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryLink)]
struct LinkBody {
    from: String,
    to: String,
    /// `supersedes`, `conflicts` or `evidence`.
    #[schema(value_type = String)]
    relation: Relation,
}

/// Everything that is known of a memory.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryInspection)]
struct InspectionBody {
    memory: MemoryBody,
    /// Oldest first.
    history: Vec<VersionBody>,
    /// What it says of others, and others of it.
    links: Vec<LinkBody>,
}

/// Everything remembered, newest first
#[utoipa::path(
    get, path = "/api/v1/memory", tag = "memory",
    params(MemoriesQuery),
    responses((status = 200, body = MemoryPage)),
)]
async fn list_memories(
    Caller(session): Caller,
    Query(query): Query<MemoriesQuery>,
) -> Result<Json<MemoryPage>, Problem> {
    let page = Page {
        kind: query.kind,
        ..page(query.cursor.as_deref(), query.limit)?
    };
    let memories = memories_of(&session, query.conversation.as_deref())?;
    Ok(Json(memories.list(page).await?.into()))
}

/// The notes that hold, newest first; of another time, those that held then
#[utoipa::path(
    get, path = "/api/v1/memory/facts", tag = "memory",
    params(FactsQuery),
    responses((status = 200, body = MemoryPage)),
)]
async fn list_facts(
    Caller(session): Caller,
    Query(query): Query<FactsQuery>,
) -> Result<Json<MemoryPage>, Problem> {
    let page = Page {
        kind: Some(RecordKind::Fact),
        when: query.when(),
        ..page(query.cursor.as_deref(), query.limit)?
    };
    Ok(Json(session.memories().list(page).await?.into()))
}

/// How much is remembered
#[utoipa::path(
    get, path = "/api/v1/memory/stats", tag = "memory",
    responses((status = 200, body = StatsBody)),
)]
async fn memory_stats(Caller(session): Caller) -> Result<Json<StatsBody>, Problem> {
    Ok(Json(session.memories().stats().await?.into()))
}

/// One memory
#[utoipa::path(
    get, path = "/api/v1/memory/{id}", tag = "memory",
    responses((status = 200, body = MemoryBody)),
)]
async fn get_memory(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<MemoryBody>, Problem> {
    Ok(Json(session.memories().get(&id).await?.into()))
}

/// What a memory was before each of its changes
#[utoipa::path(
    get, path = "/api/v1/memory/{id}/history", tag = "memory",
    responses((status = 200, body = MemoryHistory)),
)]
async fn memory_history(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<MemoryHistory>, Problem> {
    let history = session.memories().inspect(&id).await?.history;
    let data = history.into_iter().map(VersionBody::from).collect();
    Ok(Json(MemoryHistory { data }))
}

/// One memory, what it was, and what it has to do with others
#[utoipa::path(
    get, path = "/api/v1/memory/{id}/inspect", tag = "memory",
    responses((status = 200, body = InspectionBody)),
)]
async fn inspect_memory(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<InspectionBody>, Problem> {
    Ok(Json(session.memories().inspect(&id).await?.into()))
}

impl FactsQuery {
    fn when(&self) -> When {
        match (self.valid_at, self.known_at) {
            (None, None) => When::present(),
            (Some(valid), None) => When::AsOf {
                valid,
                known: i64::MAX,
            },
            (valid, Some(known)) => When::AsOf {
                valid: valid.unwrap_or(known),
                known,
            },
        }
    }
}

fn page(cursor: Option<&str>, limit: u32) -> Result<Page, Problem> {
    let after = cursor.map(Cursor::parse).transpose();
    Ok(Page {
        after: after.map_err(karen_core::Error::from)?,
        limit,
        ..Page::default()
    })
}

impl From<RecordPage> for MemoryPage {
    fn from(page: RecordPage) -> Self {
        Self {
            data: page.records.into_iter().map(MemoryBody::from).collect(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<Stats> for StatsBody {
    fn from(stats: Stats) -> Self {
        Self {
            memories: stats.records,
            facts: stats.facts,
            turns: stats.turns,
            instructions: stats.instructions,
            summaries: stats.summaries,
            present: stats.present,
            pinned: stats.pinned,
            superseded: stats.superseded,
            archived: stats.archived,
            first_at: stats.first_at,
            last_at: stats.last_at,
        }
    }
}

impl From<Version> for VersionBody {
    fn from(version: Version) -> Self {
        Self {
            version: version.version,
            changed_at: version.changed_at,
            change: version.change,
            memory: version.record.into(),
        }
    }
}

impl From<Link> for LinkBody {
    fn from(link: Link) -> Self {
        Self {
            from: link.from.to_string(),
            to: link.to.to_string(),
            relation: link.relation,
        }
    }
}

impl From<Inspection> for InspectionBody {
    fn from(inspection: Inspection) -> Self {
        Self {
            memory: inspection.record.into(),
            history: inspection.history.into_iter().map(Into::into).collect(),
            links: inspection.links.into_iter().map(Into::into).collect(),
        }
    }
}
