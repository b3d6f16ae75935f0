//! A whole answer as other processes read it.

use serde::{Deserialize, Serialize};

use super::CachedAnswer;
use crate::{FinishReason, GenerateEvent, ToolCall, Usage};

/// Changes when the form below does: what another version wrote is not there.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Text(String),
    Reasoning(String),
    Token(i32),
    ToolCall(ToolCall),
    /// Of the prompt, of the answer, and of the prompt known before.
    Usage(u32, u32, u32),
    Done(Finish),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Finish {
    Stop,
    Length,
    ToolCalls,
}

/// The answer as JSON; `None` for one that is not whole.
pub(super) fn write(answer: &CachedAnswer) -> Option<Vec<u8>> {
    let events = answer.events.iter().map(Event::of);
    let stored = Stored {
        version: VERSION,
        events: events.collect::<Option<_>>()?,
    };
    serde_json::to_vec(&stored).ok()
}

/// The answer again; `None` for what this version does not know.
pub(super) fn read(json: &[u8]) -> Option<CachedAnswer> {
    let stored: Stored = serde_json::from_slice(json).ok()?;
    (stored.version == VERSION).then(|| CachedAnswer {
        events: stored.events.into_iter().map(Into::into).collect(),
    })
}

impl Event {
    fn of(event: &GenerateEvent) -> Option<Self> {
        Some(match event {
            GenerateEvent::TextDelta(text) => Self::Text(text.clone()),
            GenerateEvent::ReasoningDelta(text) => Self::Reasoning(text.clone()),
            GenerateEvent::Token(id) => Self::Token(*id),
            GenerateEvent::ToolCall(call) => Self::ToolCall(call.clone()),
            GenerateEvent::Usage(usage) => Self::Usage(
                usage.prompt_tokens,
                usage.completion_tokens,
                usage.cached_tokens,
            ),
            GenerateEvent::Done(reason) => Self::Done(match reason {
                FinishReason::Stop => Finish::Stop,
                FinishReason::Length => Finish::Length,
                FinishReason::ToolCalls => Finish::ToolCalls,
                FinishReason::Cancelled | FinishReason::Filtered => return None,
            }),
        })
    }
}

impl From<Event> for GenerateEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Text(text) => Self::TextDelta(text),
            Event::Reasoning(text) => Self::ReasoningDelta(text),
            Event::Token(id) => Self::Token(id),
            Event::ToolCall(call) => Self::ToolCall(call),
            Event::Usage(prompt_tokens, completion_tokens, cached_tokens) => Self::Usage(Usage {
                prompt_tokens,
                completion_tokens,
                cached_tokens,
            }),
            Event::Done(finish) => Self::Done(match finish {
                Finish::Stop => FinishReason::Stop,
                Finish::Length => FinishReason::Length,
                Finish::ToolCalls => FinishReason::ToolCalls,
            }),
        }
    }
}
