//! Chat completions: stateless, and cancelled when the client goes away.

use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::infer::GenerateEvent;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::completion::{Heading, UsageBody, finish};
use super::message::ToolCallBody;
use super::request::ChatRequest;
use super::stream::{self, Chunk};
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::{Routes, served};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(chat_completions))
}

/// A completed chat.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiChatCompletion)]
struct Completion {
    id: String,
    /// Always `chat.completion`.
    object: &'static str,
    /// Unix seconds.
    created: u64,
    /// The model that answered.
    model: String,
    choices: [Choice; 1],
    usage: UsageBody,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiChoice)]
struct Choice {
    index: u32,
    message: MessageOut,
    /// `stop`, `length`, `tool_calls` or `content_filter`.
    finish_reason: &'static str,
    /// Always null.
    logprobs: Option<()>,
}

#[derive(Default, Serialize, ToSchema)]
#[schema(as = OpenAiAnswer)]
struct MessageOut {
    /// Always `assistant`.
    role: &'static str,
    content: Option<String>,
    /// Always null.
    refusal: Option<String>,
    /// What the model thought before it answered, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallBody>,
}

/// Complete a chat, for OpenAI's clients
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "openai",
    responses((status = 200, description = "The answer", content(
        (Completion = "application/json"), (Chunk = "text/event-stream"),
    ))),
)]
async fn chat_completions(
    Caller(session): Caller,
    Json(request): Json<ChatRequest>,
) -> Result<Response, Problem> {
    let (streamed, include_usage) = (request.stream, request.include_usage());
    let answering = session.generate(request.read()?).await?;
    let heading = Heading::of(&answering);
    let (served, events) = served::begin(answering).await?;
    if streamed {
        return Ok((served, stream::respond(heading, events, include_usage)).into_response());
    }
    Ok((served, Json(Completion::of(heading, events).await?)).into_response())
}

impl Completion {
    async fn of(
        heading: Heading,
        events: impl futures::Stream<Item = karen_core::Result<GenerateEvent>>,
    ) -> Result<Self, Problem> {
        let mut events = std::pin::pin!(events);
        let mut text = String::new();
        let mut message = MessageOut {
            role: "assistant",
            ..MessageOut::default()
        };
        let (mut usage, mut finish_reason) = (UsageBody::default(), "stop");
        while let Some(event) = events.next().await {
            match event? {
                GenerateEvent::TextDelta(piece) => text.push_str(&piece),
                GenerateEvent::ReasoningDelta(piece) => {
                    let thought = message.reasoning_content.get_or_insert_default();
                    thought.push_str(&piece);
                }
                GenerateEvent::ToolCall(call) => message.tool_calls.push(ToolCallBody::of(&call)),
                GenerateEvent::Usage(used) => usage = UsageBody::counted(used),
                GenerateEvent::Done(reason) => finish_reason = finish(reason),
                _ => {}
            }
        }
        message.content =
            Some(text).filter(|text| !text.is_empty() || message.tool_calls.is_empty());
        let choice = Choice {
            index: 0,
            message,
            finish_reason,
            logprobs: None,
        };
        Ok(Self {
            id: heading.id,
            object: "chat.completion",
            created: heading.created,
            model: heading.model,
            choices: [choice],
            usage,
        })
    }
}
