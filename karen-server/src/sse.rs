//! A turn as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use karen_core::{NumberedEvent, TurnEvent, TurnStream};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

const TURN: HeaderName = HeaderName::from_static("karen-turn");
const CONVERSATION: HeaderName = HeaderName::from_static("karen-conversation");
/// Below the idle limit of the usual proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A frame of the stream of a turn, as clients read it.
#[derive(ToSchema)]
#[schema(as = TurnFrame)]
#[expect(dead_code, reason = "it tells the OpenAPI document what frames hold")]
pub(crate) struct Frame {
    /// The number of the event, to go on after; the first frame, `turn`, has none.
    id: Option<String>,
    /// `turn`, `recall`, `delta`, `tool_call`, `tool_result`, `usage`, `done` or `error`.
    event: String,
    /// JSON.
    data: String,
}

/// The frame before the turn's own events.
#[derive(Serialize)]
struct Opening<'a> {
    turn: &'a str,
    conversation: &'a str,
}

/// Streams a turn: a comment and the turn's name at once, then its numbered events. A client that
/// goes away ends this response, not the turn.
pub(crate) fn respond(turn: TurnStream) -> Response {
    let name = [
        (TURN, plain(turn.id().as_str())),
        (CONVERSATION, plain(turn.conversation().as_str())),
    ];
    let opening = Opening {
        turn: turn.id().as_str(),
        conversation: turn.conversation().as_str(),
    };
    let opening = json_frame("turn", &opening);
    let first = stream::iter([Event::default().comment("karen"), opening]);
    (name, stream_events(first.chain(turn.map(frame)))).into_response()
}

/// Any events, kept alive while nothing is said.
pub(crate) fn stream_events(
    events: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Whether a client asks for events instead of one answer at the end.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT);
    accepted.is_some_and(|value| value == "text/event-stream")
}

/// One event of a type, with data as JSON.
pub(crate) fn json_frame(kind: &str, data: &impl Serialize) -> Event {
    Event::default().event(kind).data(json(data))
}

/// One event without a type, as OpenAI streams them.
pub(crate) fn data_frame(data: &impl Serialize) -> Event {
    Event::default().data(json(data))
}

/// What ends a stream of OpenAI's.
pub(crate) fn done_frame() -> Event {
    Event::default().data("[DONE]")
}

/// A failure after the answer has begun: its status is spent, so it is an event.
pub(crate) fn problem_frame(problem: &Problem) -> Event {
    problem.log();
    json_frame("error", &problem.body("", ""))
}

/// The same as the bytes of a whole event, for a stream that is cut off from outside.
pub(crate) fn problem_text(problem: &Problem) -> Bytes {
    problem.log();
    let body = json(&problem.body("", ""));
    Bytes::from(format!("event: error\ndata: {body}\n\n"))
}

fn frame(event: Result<NumberedEvent, karen_core::Error>) -> Event {
    match event {
        Ok(NumberedEvent { number, event }) => {
            let numbered = Event::default().id(number.to_string());
            numbered.event(kind(&event)).data(json(&event))
        }
        Err(error) => problem_frame(&Problem::from(error)),
    }
}

fn kind(event: &TurnEvent) -> &'static str {
    match event {
        TurnEvent::Recall { .. } => "recall",
        TurnEvent::Delta { .. } => "delta",
        TurnEvent::ToolCall { .. } => "tool_call",
        TurnEvent::ToolResult { .. } => "tool_result",
        TurnEvent::Usage { .. } => "usage",
        TurnEvent::Done { .. } => "done",
    }
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data with text keys")
}

fn plain(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("ids are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_in_the_data_is_the_name_of_the_frame() {
        let event = TurnEvent::Delta {
            text: "hi".to_owned(),
        };
        assert_eq!(json(&event), r#"{"type":"delta","text":"hi"}"#);
        assert_eq!(kind(&event), "delta");
    }
}
