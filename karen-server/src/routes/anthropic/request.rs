//! A request for a message, and what of it is understood.

use karen_core::Code;
use karen_core::infer::{AnswerFormat, GenerateRequest, Message, Sampling, ToolSpec};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::choice::ToolChoiceIn;
use super::content::{Content, MessageIn};
use crate::problem::Problem;
use crate::routes::openai::named;

/// A chat to go on with. Fields that change the answer and are not understood are refused.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicMessagesRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct MessagesRequest {
    /// `default` asks for the default model.
    model: String,
    messages: Vec<MessageIn>,
    max_tokens: u32,
    system: Option<Content>,
    #[serde(default)]
    pub(super) stream: bool,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default)]
    tools: Vec<ToolIn>,
    #[serde(default)]
    tool_choice: ToolChoiceIn,
    output_config: Option<OutputConfig>,
    #[serde(rename = "thinking")]
    #[schema(value_type = Option<Object>)]
    _thinking: Option<Value>,
    #[serde(rename = "metadata")]
    #[schema(value_type = Option<Object>)]
    _metadata: Option<Value>,
    #[serde(rename = "service_tier")]
    _service_tier: Option<String>,
    #[serde(rename = "cache_control")]
    #[schema(value_type = Option<Object>)]
    _cache_control: Option<Value>,
}

/// A tool that the model may use.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicTool)]
pub(super) struct ToolIn {
    /// `custom`; Anthropic's own tools are not here.
    #[serde(rename = "type", default = "custom")]
    kind: String,
    name: String,
    #[serde(default)]
    description: String,
    /// A JSON schema of an object.
    #[serde(default)]
    #[schema(value_type = Object)]
    input_schema: Value,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicOutputConfig)]
#[serde(deny_unknown_fields)]
struct OutputConfig {
    format: Option<OutputFormat>,
    /// Accepted and not used.
    #[serde(rename = "effort")]
    _effort: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicOutputFormat)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum OutputFormat {
    /// JSON that validates.
    JsonSchema {
        #[schema(value_type = Object)]
        schema: Value,
    },
}

fn custom() -> String {
    "custom".to_owned()
}

impl MessagesRequest {
    pub(super) fn read(self) -> Result<GenerateRequest, Problem> {
        let default = Sampling::default();
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(default.temperature),
            top_k: self.top_k.unwrap_or(default.top_k),
            top_p: self.top_p.unwrap_or(default.top_p),
            ..default
        };
        Ok(GenerateRequest {
            model: named(&self.model)?,
            messages: messages(self.system, self.messages)?,
            tools: tools(self.tools, &self.tool_choice)?,
            tool_choice: self.tool_choice.read(),
            format: format(self.output_config),
            sampling,
            stop: self.stop_sequences,
            max_tokens: Some(self.max_tokens),
            ..GenerateRequest::default()
        })
    }
}

/// Those that the model may use.
pub(super) fn tools(tools: Vec<ToolIn>, choice: &ToolChoiceIn) -> Result<Vec<ToolSpec>, Problem> {
    let allowed = tools.into_iter().filter(|_| choice.allows());
    allowed.map(ToolIn::read).collect()
}

pub(super) fn messages(
    system: Option<Content>,
    said: Vec<MessageIn>,
) -> Result<Vec<Message>, Problem> {
    let mut messages = Vec::new();
    if let Some(system) = system {
        let text = system
            .into_text()
            .map_err(|problem| problem.at("/system"))?;
        messages.push(Message::system(text));
    }
    for (at, message) in said.into_iter().enumerate() {
        let read = message.read();
        messages.extend(read.map_err(|problem| problem.at(format!("/messages/{at}")))?);
    }
    Ok(messages)
}

fn format(config: Option<OutputConfig>) -> AnswerFormat {
    match config.and_then(|config| config.format) {
        None => AnswerFormat::Text,
        Some(OutputFormat::JsonSchema { schema }) => AnswerFormat::Schema {
            name: "answer".to_owned(),
            schema,
            strict: true,
        },
    }
}

impl ToolIn {
    fn read(self) -> Result<ToolSpec, Problem> {
        if self.kind != "custom" {
            let detail = "tools are the caller's own: Anthropic's are not here";
            return Err(Problem::new(Code::Unsupported, detail).at("/tools"));
        }
        Ok(ToolSpec {
            name: self.name,
            description: self.description,
            parameters: self.input_schema,
        })
    }
}
