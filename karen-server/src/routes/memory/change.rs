//! Correcting and forgetting.

use axum::http::StatusCode;
use karen_core::memory::{Edit, Feedback};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::body::MemoryBody;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(update_memory, forget))
        .routes(routes!(forget_all))
        .routes(routes!(memory_feedback))
        .routes(routes!(restore_memory))
        .routes(routes!(erase_memory))
}

/// What is to be different; what is absent stays. Times are unix milliseconds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemoryPatch {
    /// The words; those of something said in a conversation stay.
    text: Option<String>,
    /// All of the labels.
    tags: Option<Vec<String>>,
    /// How much it matters, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    importance: Option<f32>,
    /// Never ages, and is never cleaned up.
    pinned: Option<bool>,
    /// From when it holds.
    valid_from: Option<i64>,
    /// Just before when it still holds.
    valid_to: Option<i64>,
    /// All that the caller keeps beside it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackRequest {
    /// `used`: it was of use. `ignored`: it was beside the point. `wrong`: it is not true and never
    /// was; no search brings it again.
    #[schema(value_type = String, example = "used")]
    feedback: Feedback,
}

#[derive(Serialize, ToSchema)]
struct Forgotten {
    /// How many memories are gone.
    forgotten: u64,
}

/// Correct a memory, or pin it
///
/// What it was stays in its history.
#[utoipa::path(
    patch, path = "/api/v1/memory/{id}", tag = "memory",
    responses((status = 200, body = MemoryBody)),
)]
async fn update_memory(
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(patch): Json<MemoryPatch>,
) -> Result<Json<MemoryBody>, Problem> {
    Ok(Json(
        session.memories().update(&id, patch.into()).await?.into(),
    ))
}

/// Forget a memory for good
#[utoipa::path(delete, path = "/api/v1/memory/{id}", tag = "memory", responses((status = 204)))]
async fn forget(Caller(session): Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    session.forget(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget everything for good
#[utoipa::path(
    delete, path = "/api/v1/memory", tag = "memory",
    responses((status = 200, body = Forgotten)),
)]
async fn forget_all(Caller(session): Caller) -> Result<Json<Forgotten>, Problem> {
    let forgotten = session.memories().forget_all().await?;
    Ok(Json(Forgotten { forgotten }))
}

/// Say what a memory was worth
#[utoipa::path(
    post, path = "/api/v1/memory/{id}/feedback", tag = "memory",
    responses((status = 200, body = MemoryBody)),
)]
async fn memory_feedback(
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(request): Json<FeedbackRequest>,
) -> Result<Json<MemoryBody>, Problem> {
    let learnt = session.memories().feedback(&id, request.feedback).await?;
    Ok(Json(learnt.into()))
}

/// Bring back what cleaning up put away
#[utoipa::path(
    post, path = "/api/v1/memory/{id}/restore", tag = "memory",
    responses((status = 200, body = MemoryBody)),
)]
async fn restore_memory(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<MemoryBody>, Problem> {
    Ok(Json(session.memories().restore(&id).await?.into()))
}

/// Erase everything that memory holds of the caller
///
/// Memories, what they were, decisions on consent and retention, and the names of what was forgotten.
/// In the data folder no byte of any text is left.
#[utoipa::path(
    post, path = "/api/v1/memory/erase", tag = "memory",
    responses((status = 200, body = Forgotten)),
)]
async fn erase_memory(Caller(session): Caller) -> Result<Json<Forgotten>, Problem> {
    let forgotten = session.memories().erase().await?;
    Ok(Json(Forgotten { forgotten }))
}

impl From<MemoryPatch> for Edit {
    fn from(patch: MemoryPatch) -> Self {
        Self {
            text: patch.text,
            tags: patch.tags,
            importance: patch.importance,
            pinned: patch.pinned,
            valid_from: patch.valid_from,
            valid_to: patch.valid_to,
            metadata: patch.metadata,
        }
    }
}
