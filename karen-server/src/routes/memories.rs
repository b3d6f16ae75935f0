//! What is remembered.

use axum::http::StatusCode;
use karen_core::RecalledItem;
use karen_core::memory::{Cursor, Page, Record, Remembered};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_memories, remember, forget_all))
        .routes(routes!(recall))
        .routes(routes!(get_memory, forget))
}

/// Something remembered.
#[derive(Serialize, ToSchema)]
#[schema(as = Memory)]
struct MemoryBody {
    id: String,
    /// `fact` for a note, `turn` for something said in a conversation.
    kind: String,
    /// Who said it.
    speaker: String,
    text: String,
    /// Unix milliseconds when it was said.
    at: i64,
    tags: Vec<String>,
    /// The message it was made from.
    source: Option<String>,
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
    /// 1 to 200; 50 if absent.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: u32,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

fn default_limit() -> u32 {
    50
}

/// A note to remember.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Remembered)]
struct RememberedBody {
    id: String,
    /// `false` if the same had been remembered already.
    stored: bool,
    /// The memory that the note says again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reinforces: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecallRequest {
    query: String,
    /// 1 to 200; 10 if absent.
    #[serde(default = "default_recall")]
    #[schema(default = 10, minimum = 1, maximum = 200)]
    limit: u32,
}

fn default_recall() -> u32 {
    10
}

#[derive(Serialize, ToSchema)]
struct RecallList {
    /// Best first; empty when nothing is relevant.
    data: Vec<RecalledBody>,
}

/// A memory that was recalled, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Recalled)]
pub(crate) struct RecalledBody {
    id: String,
    text: String,
    /// Who said it.
    speaker: String,
    /// Unix milliseconds when it was said.
    at: i64,
    /// Comparable within one recall only.
    score: f32,
    /// The words of the query that matched it.
    terms: Vec<String>,
    /// How much each channel of ranking gave it: pairs of a name and a number.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    channels: Vec<(String, f32)>,
}

#[derive(Serialize, ToSchema)]
struct Forgotten {
    /// How many memories are gone.
    forgotten: u64,
}

/// Everything remembered, newest first
#[utoipa::path(
    get, path = "/api/v1/memories", tag = "memories",
    params(MemoriesQuery),
    responses((status = 200, body = MemoryPage)),
)]
async fn list_memories(
    Caller(session): Caller,
    Query(query): Query<MemoriesQuery>,
) -> Result<Json<MemoryPage>, Problem> {
    let after = query.cursor.as_deref().map(Cursor::parse).transpose();
    let page = Page {
        after: after.map_err(karen_core::Error::from)?,
        limit: query.limit,
    };
    let found = session.memories().list(page).await?;
    Ok(Json(MemoryPage {
        data: found.records.into_iter().map(MemoryBody::from).collect(),
        next_cursor: found.next.map(|cursor| cursor.to_string()),
    }))
}

/// Remember a note
#[utoipa::path(
    post, path = "/api/v1/memories", tag = "memories",
    responses((status = 201, body = RememberedBody)),
)]
async fn remember(
    Caller(session): Caller,
    Json(note): Json<Note>,
) -> Result<(StatusCode, Json<RememberedBody>), Problem> {
    let building = session.remember(note.text);
    let remembered = note
        .tags
        .into_iter()
        .fold(building, |note, tag| note.tag(tag))
        .await?;
    Ok((StatusCode::CREATED, Json(remembered.into())))
}

/// Search what is remembered
#[utoipa::path(
    post, path = "/api/v1/memories/recall", tag = "memories",
    responses((status = 200, body = RecallList)),
)]
async fn recall(
    Caller(session): Caller,
    Json(request): Json<RecallRequest>,
) -> Result<Json<RecallList>, Problem> {
    let found = session
        .recall(request.query)
        .limit(request.limit as usize)
        .await?;
    let data = found.into_iter().map(RecalledBody::from).collect();
    Ok(Json(RecallList { data }))
}

/// One memory
#[utoipa::path(
    get, path = "/api/v1/memories/{id}", tag = "memories",
    responses((status = 200, body = MemoryBody)),
)]
async fn get_memory(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<MemoryBody>, Problem> {
    Ok(Json(session.memories().get(&id).await?.into()))
}

/// Forget a memory for good
#[utoipa::path(delete, path = "/api/v1/memories/{id}", tag = "memories", responses((status = 204)))]
async fn forget(Caller(session): Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    session.forget(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget everything for good
#[utoipa::path(
    delete, path = "/api/v1/memories", tag = "memories",
    responses((status = 200, body = Forgotten)),
)]
async fn forget_all(Caller(session): Caller) -> Result<Json<Forgotten>, Problem> {
    let forgotten = session.memories().forget_all().await?;
    Ok(Json(Forgotten { forgotten }))
}

impl From<Record> for MemoryBody {
    fn from(record: Record) -> Self {
        Self {
            id: record.id.to_string(),
            kind: record.kind.as_str().to_owned(),
            speaker: record.speaker,
            text: record.text,
            at: record.at,
            tags: record.tags,
            source: record.source,
        }
    }
}

impl From<Remembered> for RememberedBody {
    fn from(remembered: Remembered) -> Self {
        Self {
            id: remembered.id.to_string(),
            stored: remembered.stored,
            reinforces: remembered.reinforces.map(|id| id.to_string()),
        }
    }
}

impl From<RecalledItem> for RecalledBody {
    fn from(item: RecalledItem) -> Self {
        Self {
            id: item.id,
            text: item.text,
            speaker: item.speaker,
            at: item.at,
            score: item.score,
            terms: item.terms,
            channels: item.channels,
        }
    }
}
