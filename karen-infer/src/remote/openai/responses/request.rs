//! A request for a response.

use serde::Serialize;
use serde_json::Value;

use crate::remote::openai::message::image_url;
use crate::{
    AnswerFormat, Image, Job, Message, ModelError, ModelErrorKind, Prompt, RemoteModel, Role,
    Sampling, ToolCall, ToolChoice, ToolSpec,
};

#[derive(Serialize)]
pub(super) struct ResponseBody<'a> {
    model: &'a str,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    store: bool,
    stream: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message {
        role: Role,
        content: Vec<Part<'a>>,
    },
    FunctionCall {
        call_id: &'a str,
        name: &'a str,
        /// JSON, as text.
        arguments: String,
    },
    FunctionCallOutput {
        call_id: &'a str,
        output: &'a str,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    InputText { text: &'a str },
    OutputText { text: &'a str },
    InputImage { image_url: String },
}

#[derive(Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    /// A schema that is kept to has to be written for that.
    strict: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Mode(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: &'static str,
        name: &'a str,
    },
}

#[derive(Serialize)]
struct Text<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonObject,
    JsonSchema {
        name: &'a str,
        schema: &'a Value,
        strict: bool,
    },
}

/// Thoughts are told in summary.
#[derive(Serialize)]
struct Reasoning {
    summary: &'static str,
}

impl<'a> ResponseBody<'a> {
    pub(super) fn of(model: &'a RemoteModel, job: &'a Job) -> Result<Self, ModelError> {
        let Prompt::Chat { messages, tools } = &job.prompt else {
            return Err(unsupported("it answers chats and continues no text"));
        };
        refuse(&job.sampling)?;
        let sampling = (!model.reasons).then_some(&job.sampling);
        Ok(Self {
            model: &model.model,
            input: messages.iter().flat_map(items).collect(),
            tools: tools.iter().map(Tool::of).collect(),
            tool_choice: Choice::of(&job.tool_choice),
            text: Format::of(&job.format)?.map(|format| Text { format }),
            reasoning: model.reasons.then_some(Reasoning { summary: "auto" }),
            temperature: sampling.map(|sampling| sampling.temperature),
            top_p: sampling
                .map(|sampling| sampling.top_p)
                .filter(|&top_p| top_p != 1.0),
            max_output_tokens: job.max_tokens,
            store: false,
            stream: !model.answers_whole,
        })
    }
}

/// Refuses what this API has no word for; `chat/completions` has.
fn refuse(sampling: &Sampling) -> Result<(), ModelError> {
    let usual = Sampling {
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        ..Sampling::default()
    };
    if *sampling == usual {
        return Ok(());
    }
    Err(unsupported(
        "the responses API takes no seed, penalty, top_k or min_p: use the provider openai",
    ))
}

/// A message, the calls that it makes, or what came of one.
fn items(message: &Message) -> Vec<Item<'_>> {
    if let Some(call_id) = &message.tool_call_id {
        let output = message.content.as_str();
        return vec![Item::FunctionCallOutput { call_id, output }];
    }
    let text = message.content.as_str();
    let said = match message.role {
        _ if text.is_empty() => None,
        Role::Assistant => Some(Part::OutputText { text }),
        _ => Some(Part::InputText { text }),
    };
    let images = message.images.iter().map(Part::image);
    let content: Vec<Part<'_>> = said.into_iter().chain(images).collect();
    let is_said = !content.is_empty() || message.tool_calls.is_empty();
    let said = is_said.then_some(Item::Message {
        role: message.role,
        content,
    });
    let calls = message.tool_calls.iter().map(Item::call);
    said.into_iter().chain(calls).collect()
}

impl<'a> Item<'a> {
    fn call(call: &'a ToolCall) -> Self {
        Self::FunctionCall {
            call_id: &call.id,
            name: &call.name,
            arguments: call.arguments.to_string(),
        }
    }
}

impl Part<'_> {
    fn image(image: &Image) -> Self {
        Self::InputImage {
            image_url: image_url(image),
        }
    }
}

impl<'a> Tool<'a> {
    fn of(tool: &'a ToolSpec) -> Self {
        Self {
            kind: "function",
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.parameters,
            strict: false,
        }
    }
}

impl<'a> Choice<'a> {
    fn of(choice: &'a ToolChoice) -> Option<Self> {
        match choice {
            ToolChoice::Auto => None,
            ToolChoice::Required => Some(Self::Mode("required")),
            ToolChoice::Named(name) => Some(Self::Named {
                kind: "function",
                name,
            }),
        }
    }
}

impl<'a> Format<'a> {
    fn of(format: &'a AnswerFormat) -> Result<Option<Self>, ModelError> {
        Ok(match format {
            AnswerFormat::Text => None,
            AnswerFormat::Json => Some(Self::JsonObject),
            AnswerFormat::Schema {
                name,
                schema,
                strict,
            } => Some(Self::JsonSchema {
                name,
                schema,
                strict: *strict,
            }),
            AnswerFormat::Regex(_) | AnswerFormat::Grammar(_) => {
                return Err(unsupported("it keeps to no expression and no grammar"));
            }
        })
    }
}

fn unsupported(why: &str) -> ModelError {
    let kind = ModelErrorKind::Unsupported(why.to_owned());
    ModelError::new(kind, "ask", "the model")
}
