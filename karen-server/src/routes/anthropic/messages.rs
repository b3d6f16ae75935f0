//! Messages: stateless, and cancelled when the client goes away.

use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::infer::GenerateEvent;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::block::Block;
use super::request::MessagesRequest;
use super::stream::{self, StreamEvent};
use super::usage::{UsageBody, stop_reason};
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::{Routes, served};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(create_message))
}

/// An answer.
#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicMessage)]
pub(super) struct MessageBody {
    id: String,
    /// Always `message`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `assistant`.
    role: &'static str,
    /// The model that answered.
    model: String,
    content: Vec<Block>,
    /// `end_turn`, `max_tokens`, `tool_use` or `refusal`; null while it is being given.
    stop_reason: Option<&'static str>,
    /// Always null.
    stop_sequence: Option<String>,
    usage: UsageBody,
}

/// Answer a chat, for Anthropic's clients
#[utoipa::path(
    post, path = "/v1/messages", tag = "anthropic",
    responses((status = 200, description = "The answer", content(
        (MessageBody = "application/json"), (StreamEvent = "text/event-stream"),
    ))),
)]
async fn create_message(
    Caller(session): Caller,
    Json(request): Json<MessagesRequest>,
) -> Result<Response, Problem> {
    let streamed = request.stream;
    let answering = session.generate(request.read()?).await?;
    let message = MessageBody::begin(answering.model().to_string());
    let (served, events) = served::begin(answering).await?;
    if streamed {
        return Ok((served, stream::respond(message, events)).into_response());
    }
    Ok((served, Json(message.finish(events).await?)).into_response())
}

impl MessageBody {
    fn begin(model: String) -> Self {
        Self {
            id: format!("msg_{}", Uuid::now_v7().simple()),
            kind: "message",
            role: "assistant",
            model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: UsageBody::default(),
        }
    }

    async fn finish(
        mut self,
        events: impl futures::Stream<Item = karen_core::Result<GenerateEvent>>,
    ) -> Result<Self, Problem> {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            match event? {
                GenerateEvent::Usage(used) => self.usage = UsageBody::counted(used),
                GenerateEvent::Done(reason) => self.stop_reason = Some(stop_reason(reason)),
                event => self.add(event),
            }
        }
        Ok(self)
    }

    fn add(&mut self, event: GenerateEvent) {
        let Some((begun, delta)) = Block::begin(event) else {
            return;
        };
        if !self
            .content
            .last()
            .is_some_and(|block| block.goes_on_with(&delta))
        {
            self.content.push(begun);
        }
        self.content
            .last_mut()
            .expect("one was just begun")
            .add(delta);
    }
}
