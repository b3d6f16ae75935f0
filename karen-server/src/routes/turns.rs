//! Turns by name: listening again, and stopping.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use karen_core::{Code, Turn, TurnId, TurnState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;
use crate::sse;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(get_turn))
        .routes(routes!(turn_events))
        .routes(routes!(cancel_turn))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Turn)]
struct TurnBody {
    id: String,
    conversation: String,
    /// The id of the user's message.
    message: String,
    /// The id that the answer has or will have.
    answer: String,
    /// What the user said.
    prompt: String,
    /// `running` or `finished`.
    #[schema(value_type = String)]
    state: TurnState,
    /// Unix milliseconds.
    created_at: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// The number of the last event that was received; the header `Last-Event-ID` does the same.
    after: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct Cancelling {
    /// `false` if the turn was over already.
    cancelled: bool,
}

/// One turn
#[utoipa::path(
    get, path = "/api/v1/turns/{id}", tag = "turns",
    responses((status = 200, body = TurnBody)),
)]
async fn get_turn(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<TurnBody>, Problem> {
    let id = TurnId::parse(&id)?;
    Ok(Json(session.turn(&id).await?.into()))
}

/// Listen to a turn again, from any event on
#[utoipa::path(
    get, path = "/api/v1/turns/{id}/events", tag = "turns", params(EventsQuery),
    responses((status = 200, body = sse::Frame, content_type = "text/event-stream")),
)]
async fn turn_events(
    Caller(session): Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = TurnId::parse(&id)?;
    let after = match query.after {
        Some(number) => number,
        None => last_event_id(&headers)?,
    };
    Ok(sse::respond(session.resume(&id, after).await?))
}

/// Stop a turn; what it said is kept
#[utoipa::path(
    post, path = "/api/v1/turns/{id}/cancel", tag = "turns",
    responses((status = 202, body = Cancelling)),
)]
async fn cancel_turn(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Cancelling>), Problem> {
    let cancelled = session.cancel(&TurnId::parse(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(Cancelling { cancelled })))
}

fn last_event_id(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::new(Code::InvalidArgument, "Last-Event-ID must be a number"))
}

impl From<Turn> for TurnBody {
    fn from(turn: Turn) -> Self {
        Self {
            id: turn.id.to_string(),
            conversation: turn.conversation.to_string(),
            message: turn.message.to_string(),
            answer: turn.answer.to_string(),
            prompt: turn.prompt,
            state: turn.state,
            created_at: turn.created_at,
        }
    }
}
