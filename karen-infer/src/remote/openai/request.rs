//! A request for a chat completion.

use serde::Serialize;
use serde_json::Value;

use super::message::{MessageBody, ToolBody};
use crate::{
    AnswerFormat, Job, ModelError, ModelErrorKind, Prompt, Provider, RemoteModel, Sampling,
    ToolChoice,
};

#[derive(Serialize)]
pub(super) struct ChatBody<'a> {
    model: &'a str,
    messages: Vec<MessageBody<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoiceBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<FormatBody<'a>>,
    #[serde(flatten)]
    sampling: Option<SamplingBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
    #[serde(flatten)]
    limit: Option<Limit>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// What differs from the provider's defaults. The last three are extensions, which OpenAI itself
/// refuses and most other servers know.
#[derive(Serialize)]
struct SamplingBody {
    temperature: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_penalty: Option<f32>,
}

/// OpenAI has renamed it; other servers know the old name.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Limit {
    MaxCompletionTokens(u32),
    MaxTokens(u32),
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ToolChoiceBody<'a> {
    Mode(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: &'static str,
        function: NamedFunction<'a>,
    },
}

#[derive(Serialize)]
struct NamedFunction<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FormatBody<'a> {
    JsonObject,
    JsonSchema { json_schema: Schema<'a> },
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'a str,
    schema: &'a Value,
    strict: bool,
}

impl<'a> ChatBody<'a> {
    pub(super) fn of(model: &'a RemoteModel, job: &'a Job) -> Result<Self, ModelError> {
        let Prompt::Chat { messages, tools } = &job.prompt else {
            let why = "it answers chats and continues no text".to_owned();
            let kind = ModelErrorKind::Unsupported(why);
            return Err(ModelError::new(kind, "complete with", "the model"));
        };
        let stream = !model.answers_whole;
        Ok(Self {
            model: &model.model,
            messages: messages.iter().map(MessageBody::of).collect(),
            tools: tools.iter().map(ToolBody::of).collect(),
            tool_choice: ToolChoiceBody::of(&job.tool_choice),
            response_format: FormatBody::of(&job.format)?,
            sampling: (!model.reasons).then(|| SamplingBody::of(&job.sampling)),
            seed: job.sampling.seed,
            stop: &job.stop,
            limit: job.max_tokens.map(|max| Limit::of(model, max)),
            stream,
            stream_options: stream.then_some(StreamOptions {
                include_usage: true,
            }),
        })
    }
}

impl SamplingBody {
    fn of(sampling: &Sampling) -> Self {
        let unlike = |value: f32, usual: f32| (value != usual).then_some(value);
        Self {
            temperature: sampling.temperature,
            top_p: unlike(sampling.top_p, 1.0),
            presence_penalty: unlike(sampling.presence_penalty, 0.0),
            frequency_penalty: unlike(sampling.frequency_penalty, 0.0),
            top_k: (sampling.top_k > 0).then_some(sampling.top_k),
            min_p: unlike(sampling.min_p, 0.0),
            repeat_penalty: unlike(sampling.repeat_penalty, 1.0),
        }
    }
}

impl Limit {
    fn of(model: &RemoteModel, max: u32) -> Self {
        if model.url() == Provider::OpenAi.base_url() {
            Self::MaxCompletionTokens(max)
        } else {
            Self::MaxTokens(max)
        }
    }
}

impl<'a> ToolChoiceBody<'a> {
    fn of(choice: &'a ToolChoice) -> Option<Self> {
        match choice {
            ToolChoice::Auto => None,
            ToolChoice::Required => Some(Self::Mode("required")),
            ToolChoice::Named(name) => Some(Self::Named {
                kind: "function",
                function: NamedFunction { name },
            }),
        }
    }
}

impl<'a> FormatBody<'a> {
    fn of(format: &'a AnswerFormat) -> Result<Option<Self>, ModelError> {
        Ok(match format {
            AnswerFormat::Text => None,
            AnswerFormat::Json => Some(Self::JsonObject),
            AnswerFormat::Schema {
                name,
                schema,
                strict,
            } => Some(Self::JsonSchema {
                json_schema: Schema {
                    name,
                    schema,
                    strict: *strict,
                },
            }),
            AnswerFormat::Regex(_) | AnswerFormat::Grammar(_) => {
                let why = "it keeps to no expression and no grammar".to_owned();
                let kind = ModelErrorKind::Unsupported(why);
                return Err(ModelError::new(kind, "ask", "the model"));
            }
        })
    }
}
