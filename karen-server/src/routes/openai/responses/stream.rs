//! A response in events.

use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use karen_core::infer::GenerateEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::ResponseBody;
use super::item::{Channel, Item, Part, Status};
use super::output::Output;
use crate::problem::Problem;
use crate::routes::openai::error::ErrorDetail;
use crate::sse;

/// A piece of a response; its type is also the name of its frame.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiResponseEvent)]
#[serde(tag = "type")]
pub(super) enum StreamEvent {
    #[serde(rename = "response.created")]
    Created { response: ResponseBody },
    #[serde(rename = "response.in_progress")]
    InProgress { response: ResponseBody },
    #[serde(rename = "response.output_item.added")]
    ItemAdded { output_index: usize, item: Item },
    #[serde(rename = "response.output_item.done")]
    ItemDone { output_index: usize, item: Item },
    #[serde(rename = "response.content_part.added")]
    PartAdded(PartAt),
    #[serde(rename = "response.content_part.done")]
    PartDone(PartAt),
    #[serde(rename = "response.output_text.delta")]
    TextDelta(DeltaAt),
    #[serde(rename = "response.output_text.done")]
    TextDone(TextAt),
    #[serde(rename = "response.reasoning_text.delta")]
    ReasoningDelta(DeltaAt),
    #[serde(rename = "response.reasoning_text.done")]
    ReasoningDone(TextAt),
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta {
        #[serde(flatten)]
        at: Place,
        delta: String,
    },
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        #[serde(flatten)]
        at: Place,
        name: String,
        arguments: String,
    },
    #[serde(rename = "response.completed")]
    Completed { response: ResponseBody },
    #[serde(rename = "response.incomplete")]
    Incomplete { response: ResponseBody },
    #[serde(rename = "response.failed")]
    Failed { response: ResponseBody },
}

/// The item that an event is about.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiResponsePlace)]
pub(super) struct Place {
    pub(super) item_id: String,
    pub(super) output_index: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiResponsePartEvent)]
pub(super) struct PartAt {
    #[serde(flatten)]
    at: Place,
    /// Always 0: an item has one part.
    content_index: usize,
    part: Part,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiResponseDeltaEvent)]
pub(super) struct DeltaAt {
    #[serde(flatten)]
    at: Place,
    /// Always 0: an item has one part.
    content_index: usize,
    delta: String,
    /// Always empty.
    logprobs: Vec<f32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiResponseTextEvent)]
pub(super) struct TextAt {
    #[serde(flatten)]
    at: Place,
    /// Always 0: an item has one part.
    content_index: usize,
    text: String,
    /// Always empty.
    logprobs: Vec<f32>,
}

/// An event with its number.
#[derive(Serialize)]
struct Numbered<'a> {
    #[serde(flatten)]
    event: &'a StreamEvent,
    sequence_number: u64,
}

/// Streams the events; when the client goes away they are dropped, which cancels.
pub(super) fn respond(
    mut output: Output,
    events: impl Stream<Item = karen_core::Result<GenerateEvent>> + Send + 'static,
) -> Response {
    let response = output.body().clone();
    let opening = [
        StreamEvent::Created {
            response: response.clone(),
        },
        StreamEvent::InProgress { response },
    ];
    let rest = events.flat_map(move |event| {
        let told = match event {
            Ok(event) => output.take(event),
            Err(error) => vec![failed(&mut output, Problem::from(error))],
        };
        futures::stream::iter(told)
    });
    let told = futures::stream::iter(opening).chain(rest).enumerate();
    let frames = told.map(|(number, event)| frame(number as u64, &event));
    sse::stream_events(frames).into_response()
}

fn failed(output: &mut Output, problem: Problem) -> StreamEvent {
    problem.log();
    let body = output.body_mut();
    body.status = Status::Failed;
    body.error = Some(ErrorDetail::of(&problem));
    let response = body.clone();
    StreamEvent::Failed { response }
}

fn frame(sequence_number: u64, event: &StreamEvent) -> Event {
    let numbered = Numbered {
        event,
        sequence_number,
    };
    sse::json_frame(event.name(), &numbered)
}

impl StreamEvent {
    pub(super) fn part_added(at: Place, part: Part) -> Self {
        Self::PartAdded(PartAt {
            at,
            content_index: 0,
            part,
        })
    }

    pub(super) fn part_done(at: Place, part: Part) -> Self {
        Self::PartDone(PartAt {
            at,
            content_index: 0,
            part,
        })
    }

    pub(super) fn text_delta(channel: Channel, at: Place, delta: String) -> Self {
        let event = DeltaAt {
            at,
            content_index: 0,
            delta,
            logprobs: Vec::new(),
        };
        match channel {
            Channel::Message => Self::TextDelta(event),
            Channel::Reasoning => Self::ReasoningDelta(event),
        }
    }

    pub(super) fn text_done(channel: Channel, at: Place, text: String) -> Self {
        let event = TextAt {
            at,
            content_index: 0,
            text,
            logprobs: Vec::new(),
        };
        match channel {
            Channel::Message => Self::TextDone(event),
            Channel::Reasoning => Self::ReasoningDone(event),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "response.created",
            Self::InProgress { .. } => "response.in_progress",
            Self::ItemAdded { .. } => "response.output_item.added",
            Self::ItemDone { .. } => "response.output_item.done",
            Self::PartAdded(_) => "response.content_part.added",
            Self::PartDone(_) => "response.content_part.done",
            Self::TextDelta(_) => "response.output_text.delta",
            Self::TextDone(_) => "response.output_text.done",
            Self::ReasoningDelta(_) => "response.reasoning_text.delta",
            Self::ReasoningDone(_) => "response.reasoning_text.done",
            Self::ArgumentsDelta { .. } => "response.function_call_arguments.delta",
            Self::ArgumentsDone { .. } => "response.function_call_arguments.done",
            Self::Completed { .. } => "response.completed",
            Self::Incomplete { .. } => "response.incomplete",
            Self::Failed { .. } => "response.failed",
        }
    }
}
