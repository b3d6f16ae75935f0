//! A chat completion in chunks.

use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use karen_core::infer::GenerateEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::completion::{Heading, UsageBody, finish};
use super::error::failed;
use super::message::ToolCallBody;
use crate::sse;

/// A piece of a completed chat.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiChunk)]
pub(super) struct Chunk {
    id: String,
    /// Always `chat.completion.chunk`.
    object: &'static str,
    /// Unix seconds.
    created: u64,
    model: String,
    /// Empty in the chunk that counts tokens.
    choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiChunkChoice)]
struct ChunkChoice {
    index: u32,
    delta: Delta,
    finish_reason: Option<&'static str>,
    /// Always null.
    logprobs: Option<()>,
}

#[derive(Default, Serialize, ToSchema)]
#[schema(as = OpenAiDelta)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// What the model thinks before it answers, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCallBody; 1]>,
}

/// Makes chunks of events.
struct Chunks {
    heading: Heading,
    include_usage: bool,
    calls: usize,
    usage: UsageBody,
}

/// Streams the events as chunks; when the client goes away they are dropped, which cancels.
pub(super) fn respond(
    heading: Heading,
    events: impl Stream<Item = karen_core::Result<GenerateEvent>> + Send + 'static,
    include_usage: bool,
) -> Response {
    let mut chunks = Chunks {
        heading,
        include_usage,
        calls: 0,
        usage: UsageBody::default(),
    };
    let opening = sse::data_frame(&chunks.opening());
    let rest = events.flat_map(move |event| futures::stream::iter(chunks.frames(event)));
    let end = sse::done_frame();
    let one = |event| futures::stream::iter([event]);
    sse::stream_events(one(opening).chain(rest).chain(one(end))).into_response()
}

impl Chunks {
    fn opening(&self) -> Chunk {
        self.delta(Delta {
            role: Some("assistant"),
            content: Some(String::new()),
            ..Delta::default()
        })
    }

    fn frames(&mut self, event: karen_core::Result<GenerateEvent>) -> Vec<Event> {
        match event {
            Ok(event) => self.chunks(event).iter().map(sse::data_frame).collect(),
            Err(error) => vec![failed(error)],
        }
    }

    fn chunks(&mut self, event: GenerateEvent) -> Vec<Chunk> {
        match event {
            GenerateEvent::TextDelta(text) => {
                vec![self.delta(Delta {
                    content: Some(text),
                    ..Delta::default()
                })]
            }
            GenerateEvent::ReasoningDelta(thought) => {
                vec![self.delta(Delta {
                    reasoning_content: Some(thought),
                    ..Delta::default()
                })]
            }
            GenerateEvent::ToolCall(call) => {
                let call = ToolCallBody::at(self.calls, &call);
                self.calls += 1;
                vec![self.delta(Delta {
                    tool_calls: Some([call]),
                    ..Delta::default()
                })]
            }
            GenerateEvent::Usage(usage) => {
                self.usage = UsageBody::counted(usage);
                Vec::new()
            }
            GenerateEvent::Done(reason) => self.end(finish(reason)),
            _ => Vec::new(),
        }
    }

    /// Why it ended, and then, if it was asked for, what it took.
    fn end(&self, reason: &'static str) -> Vec<Chunk> {
        let mut end = self.delta(Delta::default());
        end.choices[0].finish_reason = Some(reason);
        let usage = Chunk {
            usage: Some(self.usage),
            ..self.chunk(Vec::new())
        };
        if self.include_usage {
            vec![end, usage]
        } else {
            vec![end]
        }
    }

    fn delta(&self, delta: Delta) -> Chunk {
        self.chunk(vec![ChunkChoice {
            index: 0,
            delta,
            finish_reason: None,
            logprobs: None,
        }])
    }

    fn chunk(&self, choices: Vec<ChunkChoice>) -> Chunk {
        Chunk {
            id: self.heading.id.clone(),
            object: "chat.completion.chunk",
            created: self.heading.created,
            model: self.heading.model.clone(),
            choices,
            usage: None,
        }
    }
}
