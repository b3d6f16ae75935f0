//! A message in events.

use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use karen_core::infer::GenerateEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::block::{Block, BlockDelta};
use super::error::ErrorBody;
use super::messages::MessageBody;
use super::usage::{UsageBody, stop_reason};
use crate::problem::Problem;
use crate::sse;

/// A piece of a message; its type is also the name of its frame.
#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicStreamEvent)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum StreamEvent {
    MessageStart { message: MessageBody },
    ContentBlockStart { index: usize, content_block: Block },
    ContentBlockDelta { index: usize, delta: BlockDelta },
    ContentBlockStop { index: usize },
    MessageDelta { delta: MessageEnd, usage: UsageBody },
    MessageStop,
}

/// Why it ended.
#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicMessageEnd)]
pub(super) struct MessageEnd {
    stop_reason: &'static str,
    /// Always null.
    stop_sequence: Option<String>,
}

/// Makes stream events of what the model says.
#[derive(Default)]
struct Blocks {
    /// The block that is being given, and its place.
    open: Option<Block>,
    index: usize,
    usage: UsageBody,
}

/// Streams the events; when the client goes away they are dropped, which cancels.
pub(super) fn respond(
    message: MessageBody,
    events: impl Stream<Item = karen_core::Result<GenerateEvent>> + Send + 'static,
) -> Response {
    let mut blocks = Blocks::default();
    let start = frame(&StreamEvent::MessageStart { message });
    let rest = events.flat_map(move |event| futures::stream::iter(blocks.frames(event)));
    let start = futures::stream::iter([start]);
    sse::stream_events(start.chain(rest)).into_response()
}

impl Blocks {
    fn frames(&mut self, event: karen_core::Result<GenerateEvent>) -> Vec<Event> {
        match event {
            Ok(event) => self.events(event).iter().map(frame).collect(),
            Err(error) => {
                let problem = Problem::from(error);
                problem.log();
                vec![sse::json_frame("error", &ErrorBody::of(&problem))]
            }
        }
    }

    fn events(&mut self, event: GenerateEvent) -> Vec<StreamEvent> {
        match event {
            GenerateEvent::Usage(used) => {
                self.usage = UsageBody::counted(used);
                Vec::new()
            }
            GenerateEvent::Done(reason) => self.end(stop_reason(reason)),
            event => {
                Block::begin(event).map_or_else(Vec::new, |(block, delta)| self.delta(block, delta))
            }
        }
    }

    fn delta(&mut self, begun: Block, delta: BlockDelta) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        if !self
            .open
            .as_ref()
            .is_some_and(|block| block.goes_on_with(&delta))
        {
            events.extend(self.close());
            let (index, content_block) = (self.index, begun.clone());
            self.open = Some(begun);
            events.push(StreamEvent::ContentBlockStart {
                index,
                content_block,
            });
        }
        let index = self.index;
        events.push(StreamEvent::ContentBlockDelta { index, delta });
        events
    }

    fn close(&mut self) -> Option<StreamEvent> {
        self.open.take()?;
        let index = self.index;
        self.index += 1;
        Some(StreamEvent::ContentBlockStop { index })
    }

    fn end(&mut self, stop_reason: &'static str) -> Vec<StreamEvent> {
        let mut events: Vec<StreamEvent> = self.close().into_iter().collect();
        let delta = MessageEnd {
            stop_reason,
            stop_sequence: None,
        };
        let usage = self.usage;
        events.push(StreamEvent::MessageDelta { delta, usage });
        events.push(StreamEvent::MessageStop);
        events
    }
}

fn frame(event: &StreamEvent) -> Event {
    let kind = match event {
        StreamEvent::MessageStart { .. } => "message_start",
        StreamEvent::ContentBlockStart { .. } => "content_block_start",
        StreamEvent::ContentBlockDelta { .. } => "content_block_delta",
        StreamEvent::ContentBlockStop { .. } => "content_block_stop",
        StreamEvent::MessageDelta { .. } => "message_delta",
        StreamEvent::MessageStop => "message_stop",
    };
    sse::json_frame(kind, event)
}
