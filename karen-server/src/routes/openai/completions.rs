//! Completions of plain text: stateless, and cancelled when the client goes away.

use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::Code;
use karen_core::infer::{CompletionRequest, GenerateEvent, Sampling};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::completion::{Heading, UsageBody, finish};
use super::error::failed;
use super::request::{Stop, StreamOptions, named};
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::{Routes, served};
use crate::sse;

/// OpenAI's own default.
const TOKENS_MAX: u32 = 16;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(completions))
}

/// A text to go on with. Fields that change the answer and are not understood are refused.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiCompletionRequest)]
#[serde(deny_unknown_fields)]
struct TextRequest {
    /// `default` asks for the default model; it must run here, as providers answer chats.
    model: String,
    prompt: Prompt,
    /// 16 if not said.
    max_tokens: Option<u32>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    seed: Option<u64>,
    stop: Option<Stop>,
    /// 1.
    n: Option<u32>,
    /// 1.
    best_of: Option<u32>,
    /// False.
    echo: Option<bool>,
    /// None.
    suffix: Option<String>,
    /// None.
    #[schema(value_type = Option<Object>)]
    logit_bias: Option<Value>,
    /// None.
    logprobs: Option<u32>,
    #[serde(rename = "user")]
    _user: Option<String>,
}

/// One text, alone or in a list.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiPrompt)]
#[serde(untagged)]
enum Prompt {
    Text(String),
    Texts([String; 1]),
}

/// A text, or a piece of it.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiTextCompletion)]
struct TextCompletion {
    id: String,
    /// Always `text_completion`.
    object: &'static str,
    /// Unix seconds.
    created: u64,
    /// The model that answered.
    model: String,
    /// One; none in the piece that counts tokens.
    choices: Vec<TextChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiTextChoice)]
struct TextChoice {
    index: u32,
    text: String,
    /// `stop`, `length` or `content_filter`; null before the end.
    finish_reason: Option<&'static str>,
    /// Always null.
    logprobs: Option<()>,
}

/// Complete a text, for OpenAI's clients
#[utoipa::path(
    post, path = "/v1/completions", tag = "openai",
    responses((status = 200, description = "The text", content(
        (TextCompletion = "application/json"), (TextCompletion = "text/event-stream"),
    ))),
)]
async fn completions(
    Caller(session): Caller,
    Json(request): Json<TextRequest>,
) -> Result<Response, Problem> {
    let (streamed, include_usage) = (request.stream, request.include_usage());
    let answering = session.complete(request.read()?).await?;
    let heading = Heading::with_prefix("cmpl", &answering);
    let (served, events) = served::begin(answering).await?;
    if streamed {
        return Ok((served, respond(heading, events, include_usage)).into_response());
    }
    Ok((served, Json(whole(&heading, events).await?)).into_response())
}

impl TextRequest {
    fn include_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .is_some_and(StreamOptions::include_usage)
    }

    fn read(self) -> Result<CompletionRequest, Problem> {
        self.refuse_what_is_not_understood()?;
        let default = Sampling::default();
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(default.temperature),
            top_p: self.top_p.unwrap_or(default.top_p),
            presence_penalty: self.presence_penalty.unwrap_or(default.presence_penalty),
            frequency_penalty: self.frequency_penalty.unwrap_or(default.frequency_penalty),
            seed: self.seed,
            ..default
        };
        Ok(CompletionRequest {
            model: named(&self.model)?,
            prompt: self.prompt.into_text(),
            sampling,
            stop: self.stop.map_or_else(Vec::new, Stop::into_texts),
            max_tokens: Some(self.max_tokens.unwrap_or(TOKENS_MAX)),
            ..CompletionRequest::default()
        })
    }

    /// Better refused than answered as if it had not been asked.
    fn refuse_what_is_not_understood(&self) -> Result<(), Problem> {
        let several = |n: Option<u32>| n.is_some_and(|n| n != 1);
        let refused = [
            (several(self.n), "/n", "one answer at a time: n must be 1"),
            (
                several(self.best_of),
                "/best_of",
                "one answer at a time: best_of must be 1",
            ),
            (
                self.echo == Some(true),
                "/echo",
                "the prompt is not given back",
            ),
            (
                self.suffix.is_some(),
                "/suffix",
                "texts are continued at their end alone",
            ),
            (
                self.logit_bias.is_some(),
                "/logit_bias",
                "tokens cannot be favoured",
            ),
            (
                self.logprobs.is_some(),
                "/logprobs",
                "log probabilities are not given",
            ),
        ];
        match refused.into_iter().find(|(is_asked, ..)| *is_asked) {
            Some((_, place, detail)) => Err(Problem::new(Code::Unsupported, detail).at(place)),
            None => Ok(()),
        }
    }
}

impl Prompt {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Texts([text]) => text,
        }
    }
}

async fn whole(
    heading: &Heading,
    events: impl futures::Stream<Item = karen_core::Result<GenerateEvent>>,
) -> Result<TextCompletion, Problem> {
    let mut events = std::pin::pin!(events);
    let (mut text, mut usage, mut finish_reason) = (String::new(), UsageBody::default(), "stop");
    while let Some(event) = events.next().await {
        match event? {
            GenerateEvent::TextDelta(piece) => text.push_str(&piece),
            GenerateEvent::Usage(used) => usage = UsageBody::counted(used),
            GenerateEvent::Done(reason) => finish_reason = finish(reason),
            _ => {}
        }
    }
    let choice = TextChoice::of(text, Some(finish_reason));
    Ok(TextCompletion::of(heading, vec![choice], Some(usage)))
}

/// Streams the events as pieces; when the client goes away they are dropped, which cancels.
fn respond(
    heading: Heading,
    events: impl futures::Stream<Item = karen_core::Result<GenerateEvent>> + Send + 'static,
    include_usage: bool,
) -> Response {
    let pieces = events.flat_map(move |event| {
        let piece = match event {
            Ok(event) => piece(&heading, event, include_usage).map(|piece| sse::data_frame(&piece)),
            Err(error) => Some(failed(error)),
        };
        futures::stream::iter(piece)
    });
    let end = futures::stream::iter([sse::done_frame()]);
    sse::stream_events(pieces.chain(end)).into_response()
}

/// OpenAI counts tokens after the reason of the end, the engine before it: here both stand in the
/// order in which they come, which clients do not look at.
fn piece(heading: &Heading, event: GenerateEvent, include_usage: bool) -> Option<TextCompletion> {
    let choice = match event {
        GenerateEvent::TextDelta(text) => TextChoice::of(text, None),
        GenerateEvent::Done(reason) => TextChoice::of(String::new(), Some(finish(reason))),
        GenerateEvent::Usage(used) => {
            let usage = UsageBody::counted(used);
            return include_usage.then(|| TextCompletion::of(heading, Vec::new(), Some(usage)));
        }
        _ => return None,
    };
    Some(TextCompletion::of(heading, vec![choice], None))
}

impl TextChoice {
    fn of(text: String, finish_reason: Option<&'static str>) -> Self {
        Self {
            index: 0,
            text,
            finish_reason,
            logprobs: None,
        }
    }
}

impl TextCompletion {
    fn of(heading: &Heading, choices: Vec<TextChoice>, usage: Option<UsageBody>) -> Self {
        Self {
            id: heading.id.clone(),
            object: "text_completion",
            created: heading.created,
            model: heading.model.clone(),
            choices,
            usage,
        }
    }
}
