//! Saying something to Karen.

use std::time::Instant;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::infer::Sampling;
use karen_core::{Chat, ConversationId, Error, Finish, Session, TurnEvent, TurnStream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::memory::RecalledBody;
use crate::app::App;
use crate::extract::{Caller, Json, idempotency_key};
use crate::problem::Problem;
use crate::{sse, telemetry};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(chat))
}

/// A message to Karen, and how it is to be answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChatRequest {
    message: String,
    /// The conversation to go on with; a fresh one if absent.
    conversation: Option<String>,
    /// The model to ask; the default one if absent.
    model: Option<String>,
    /// Tokens of the answer at most.
    max_tokens: Option<u32>,
    /// 0 (always the likeliest token) to 2.
    temperature: Option<f32>,
    /// The share of likely tokens that are chosen among, above 0, up to 1.
    top_p: Option<f32>,
    /// The same seed gives the same answer.
    seed: Option<u64>,
    /// Texts that end the answer before they appear in it.
    #[serde(default)]
    stop: Vec<String>,
    /// Whether this turn is remembered; as configured if absent.
    remember: Option<bool>,
    /// Whether the answer arrives as server-sent events.
    #[serde(default = "yes")]
    #[schema(default = true)]
    stream: bool,
}

fn yes() -> bool {
    true
}

/// A whole answer.
#[derive(Default, Serialize, ToSchema)]
struct Answer {
    turn: String,
    conversation: String,
    /// The answer as a message of the conversation.
    message_id: String,
    text: String,
    /// `stop`, `length`, `tool_rounds`, `cancelled`, `interrupted` or `no_model`.
    #[schema(value_type = String)]
    finish: Option<Finish>,
    /// The model that was asked for; null for the default one.
    model_asked: Option<String>,
    /// The model that answered; null when memory alone did.
    model_answered: Option<String>,
    /// Why it is this one: `named`, `default`, `routed` or `fallback`.
    model_why: Option<String>,
    /// What memory brought.
    recalled: Vec<RecalledBody>,
    usage: UsageBody,
}

/// Tokens of all rounds with the model.
#[derive(Default, Serialize, ToSchema)]
struct UsageBody {
    prompt_tokens: u32,
    completion_tokens: u32,
}

/// Say something, and get the answer as server-sent events
///
/// The first frame is `turn`, with the ids of the turn and of its conversation. The frames after
/// it are numbered by `id`: `recall`, `delta`, `tool_call`, `tool_result`, `usage` and, last,
/// `done`. A broken connection does not end the turn: `/api/v1/turns/{id}/events` goes on from any
/// number. With `"stream": false` the whole answer arrives as JSON.
#[utoipa::path(
    post, path = "/api/v1/chat", tag = "chat",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Said once, however often it is sent with this key, of 1 to 255 bytes: \
            sent again, it gives the answer of the first time")),
    responses((status = 200, description = "The answer", content(
        (Answer = "application/json"), (sse::Frame = "text/event-stream"),
    ))),
)]
async fn chat(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
    Json(request): Json<ChatRequest>,
) -> Result<Response, Problem> {
    let begun = Instant::now();
    let stream = request.stream;
    let mut chat = request.say(&app, &session)?;
    if let Some(key) = idempotency_key(&headers) {
        chat = chat.idempotency_key(key);
    }
    let turn = chat.stream().await?;
    telemetry::follow(session, turn.id().clone(), begun);
    if stream {
        return Ok(sse::respond(turn));
    }
    Ok(Json(Answer::of(turn).await?).into_response())
}

impl ChatRequest {
    fn say(self, app: &App, session: &Session) -> Result<Chat, Problem> {
        let sampling = self.sampling(app);
        let mut chat = session.chat(self.message).stop(self.stop);
        if let Some(id) = &self.conversation {
            chat = chat.conversation(ConversationId::parse(id)?);
        }
        if let Some(model) = self.model {
            chat = chat.model(model);
        }
        if let Some(tokens) = self.max_tokens {
            chat = chat.max_tokens(tokens);
        }
        if let Some(sampling) = sampling {
            chat = chat.sampling(sampling);
        }
        if let Some(remember) = self.remember {
            chat = chat.remember(remember);
        }
        Ok(chat)
    }

    /// What differs from the configuration, if anything does.
    fn sampling(&self, app: &App) -> Option<Sampling> {
        if self.temperature.is_none() && self.top_p.is_none() && self.seed.is_none() {
            return None;
        }
        let default = Sampling::default();
        Some(Sampling {
            temperature: self
                .temperature
                .unwrap_or(app.karen.config().chat.temperature),
            top_p: self.top_p.unwrap_or(default.top_p),
            seed: self.seed.or(default.seed),
            ..default
        })
    }
}

impl Answer {
    /// Waits for the end of a turn.
    async fn of(mut turn: TurnStream) -> Result<Self, Problem> {
        let mut answer = Self {
            turn: turn.id().to_string(),
            conversation: turn.conversation().to_string(),
            ..Self::default()
        };
        while let Some(numbered) = turn.next().await {
            answer.take(numbered?.event)?;
        }
        Ok(answer)
    }

    fn take(&mut self, event: TurnEvent) -> Result<(), Problem> {
        match event {
            TurnEvent::Recall { items } => {
                self.recalled = items.into_iter().map(RecalledBody::from).collect();
            }
            TurnEvent::Delta { text } => self.text.push_str(&text),
            TurnEvent::Usage {
                prompt_tokens,
                completion_tokens,
            } => {
                self.usage.prompt_tokens += prompt_tokens;
                self.usage.completion_tokens += completion_tokens;
            }
            TurnEvent::Done {
                error: Some(failure),
                ..
            } => return Err(Error::from(failure).into()),
            TurnEvent::Done {
                message_id,
                finish,
                model_asked,
                model_answered,
                model_why,
                ..
            } => {
                self.message_id = message_id.to_string();
                self.finish = Some(finish);
                self.model_asked = model_asked;
                self.model_answered = model_answered;
                self.model_why = model_why;
            }
            TurnEvent::ToolCall { .. } | TurnEvent::ToolResult { .. } => {}
        }
        Ok(())
    }
}
