//! A request for a response, and what of it is understood.

use karen_core::Code;
use karen_core::infer::{AnswerFormat, GenerateRequest, Message, Sampling, ToolChoice, ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::input::Input;
use crate::problem::Problem;
use crate::routes::openai::choice::ToolMode;
use crate::routes::openai::message::no_parameters;
use crate::routes::openai::named;

/// An input to answer. Fields that change the answer and are not understood are refused; fields
/// that only concern OpenAI's own books are accepted and not used.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponsesRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponsesRequest {
    /// `default` asks for the default model.
    pub(super) model: String,
    input: Input,
    pub(super) instructions: Option<String>,
    #[serde(default)]
    pub(super) stream: bool,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    #[serde(default)]
    pub(super) tools: Vec<ToolBody>,
    #[serde(default)]
    pub(super) tool_choice: ToolChoiceBody,
    #[serde(default)]
    pub(super) text: TextBody,
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<Value>,
    /// None: nothing is stored.
    previous_response_id: Option<String>,
    /// None: nothing is stored.
    #[schema(value_type = Option<Object>)]
    conversation: Option<Value>,
    /// False.
    background: Option<bool>,
    /// `disabled`: an input that is too long is refused.
    truncation: Option<String>,
    #[serde(rename = "store")]
    _store: Option<bool>,
    #[serde(rename = "include")]
    _include: Option<Vec<String>>,
    #[serde(rename = "reasoning")]
    #[schema(value_type = Option<Object>)]
    _reasoning: Option<Value>,
    #[serde(rename = "parallel_tool_calls")]
    _parallel_tool_calls: Option<bool>,
    #[serde(rename = "stream_options")]
    #[schema(value_type = Option<Object>)]
    _stream_options: Option<Value>,
    #[serde(rename = "user")]
    _user: Option<String>,
    #[serde(rename = "service_tier")]
    _service_tier: Option<String>,
    #[serde(rename = "safety_identifier")]
    _safety_identifier: Option<String>,
    #[serde(rename = "prompt_cache_key")]
    _prompt_cache_key: Option<String>,
}

/// A function that the model may call.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiResponseTool)]
pub(super) struct ToolBody {
    /// Always `function`.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    description: Option<String>,
    /// A JSON schema of an object.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    strict: Option<bool>,
}

/// `auto`, `none`, `required`, or the function to call.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiResponseToolChoice)]
#[serde(untagged)]
pub(super) enum ToolChoiceBody {
    Mode(ToolMode),
    Named {
        /// Always `function`.
        #[serde(rename = "type")]
        kind: String,
        name: String,
    },
}

impl Default for ToolChoiceBody {
    fn default() -> Self {
        Self::Mode(ToolMode::Auto)
    }
}

/// What the text of an answer must be.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiResponseText)]
pub(super) struct TextBody {
    #[serde(default)]
    format: FormatBody,
}

#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiResponseTextFormat)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FormatBody {
    #[default]
    Text,
    JsonObject,
    /// JSON that validates.
    JsonSchema {
        name: String,
        #[schema(value_type = Object)]
        schema: Value,
        #[serde(default)]
        strict: Option<bool>,
    },
}

impl ResponsesRequest {
    pub(super) fn read(self) -> Result<GenerateRequest, Problem> {
        self.refuse_what_is_not_understood()?;
        let default = Sampling::default();
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(default.temperature),
            top_p: self.top_p.unwrap_or(default.top_p),
            ..default
        };
        let is_open = !matches!(self.tool_choice, ToolChoiceBody::Mode(ToolMode::None));
        let tools = self.tools.into_iter().filter(|_| is_open);
        let tools: Result<Vec<ToolSpec>, Problem> = tools.map(ToolBody::read).collect();
        let mut messages: Vec<Message> =
            self.instructions.map(Message::system).into_iter().collect();
        messages.extend(self.input.read()?);
        Ok(GenerateRequest {
            model: named(&self.model)?,
            messages,
            tools: tools?,
            tool_choice: self.tool_choice.read()?,
            format: self.text.format.read(),
            sampling,
            max_tokens: self.max_output_tokens,
            ..GenerateRequest::default()
        })
    }

    /// Better refused than answered as if it had not been asked.
    fn refuse_what_is_not_understood(&self) -> Result<(), Problem> {
        const STORED: &str = "nothing is stored: send the whole input";
        let is_cut = self
            .truncation
            .as_ref()
            .is_some_and(|how| how != "disabled");
        let refused = [
            (
                self.previous_response_id.is_some(),
                "/previous_response_id",
                STORED,
            ),
            (self.conversation.is_some(), "/conversation", STORED),
            (self.background == Some(true), "/background", STORED),
            (
                is_cut,
                "/truncation",
                "an input that is too long is refused, not cut",
            ),
        ];
        match refused.into_iter().find(|(is_asked, ..)| *is_asked) {
            Some((_, place, detail)) => Err(Problem::new(Code::Unsupported, detail).at(place)),
            None => Ok(()),
        }
    }
}

impl ToolBody {
    fn read(self) -> Result<ToolSpec, Problem> {
        check_function(&self.kind, "/tools")?;
        Ok(ToolSpec {
            name: self.name,
            description: self.description.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_else(no_parameters),
        })
    }
}

impl ToolChoiceBody {
    fn read(self) -> Result<ToolChoice, Problem> {
        match self {
            Self::Mode(ToolMode::Auto | ToolMode::None) => Ok(ToolChoice::Auto),
            Self::Mode(ToolMode::Required) => Ok(ToolChoice::Required),
            Self::Named { kind, name } => {
                check_function(&kind, "/tool_choice")?;
                Ok(ToolChoice::Named(name))
            }
        }
    }
}

fn check_function(kind: &str, place: &str) -> Result<(), Problem> {
    if kind == "function" {
        return Ok(());
    }
    let detail = "tools are functions: other types are not understood";
    Err(Problem::new(Code::Unsupported, detail).at(place))
}

impl FormatBody {
    fn read(self) -> AnswerFormat {
        match self {
            Self::Text => AnswerFormat::Text,
            Self::JsonObject => AnswerFormat::Json,
            Self::JsonSchema {
                name,
                schema,
                strict,
            } => AnswerFormat::Schema {
                name,
                schema,
                strict: strict.unwrap_or(false),
            },
        }
    }
}
