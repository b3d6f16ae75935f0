//! Messages and tools in OpenAI's shape, and what they mean to a model.

use karen_core::Code;
use karen_core::infer::{Message, ToolCall, ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A message of a chat.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiMessage)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageIn {
    role: RoleIn,
    content: Option<Content>,
    tool_calls: Option<Vec<ToolCallBody>>,
    /// The call that a tool's message answers.
    tool_call_id: Option<String>,
    /// Accepted and not used.
    #[serde(rename = "name")]
    _name: Option<String>,
    /// Accepted and not used.
    #[serde(rename = "refusal")]
    _refusal: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = OpenAiRole)]
#[serde(rename_all = "lowercase")]
enum RoleIn {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

/// Text, whole or in parts.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiContent)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiContentPart)]
struct ContentPart {
    /// `text` is understood.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

/// A call that the model asks for.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiToolCall)]
pub(super) struct ToolCallBody {
    /// Its place among the calls; in streams only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    id: String,
    /// Always `function`.
    #[serde(rename = "type")]
    kind: String,
    function: FunctionCall,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiFunctionCall)]
struct FunctionCall {
    name: String,
    /// A JSON object, as text.
    arguments: String,
}

/// A tool that the model may ask for.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiTool)]
pub(super) struct ToolIn {
    /// Always `function`.
    #[serde(rename = "type")]
    kind: String,
    function: FunctionIn,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiFunction)]
struct FunctionIn {
    name: String,
    #[serde(default)]
    description: String,
    /// A JSON schema of an object.
    #[serde(default = "no_parameters")]
    #[schema(value_type = Object)]
    parameters: Value,
}

fn no_parameters() -> Value {
    serde_json::json!({ "type": "object", "properties": {} })
}

impl MessageIn {
    pub(super) fn read(self) -> Result<Message, Problem> {
        let text = self
            .content
            .map_or_else(|| Ok(String::new()), Content::read)?;
        Ok(match self.role {
            RoleIn::System | RoleIn::Developer => Message::system(text),
            RoleIn::User => Message::user(text),
            RoleIn::Assistant => {
                let calls = self.tool_calls.unwrap_or_default();
                let calls: Result<Vec<ToolCall>, Problem> =
                    calls.into_iter().map(ToolCallBody::read).collect();
                Message::calls(text, calls?)
            }
            RoleIn::Tool => {
                let answers = self.tool_call_id.ok_or_else(|| {
                    Problem::new(
                        Code::InvalidArgument,
                        "a tool's message needs its tool_call_id",
                    )
                })?;
                Message::tool_result(answers, text)
            }
        })
    }
}

impl Content {
    fn read(self) -> Result<String, Problem> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Parts(parts) => parts.into_iter().map(ContentPart::read).collect(),
        }
    }
}

impl ContentPart {
    fn read(self) -> Result<String, Problem> {
        if self.kind == "text" {
            return Ok(self.text);
        }
        Err(Problem::new(
            Code::Unsupported,
            "messages are made of text: other parts are not understood",
        ))
    }
}

impl ToolCallBody {
    pub(super) fn of(call: &ToolCall) -> Self {
        Self {
            index: None,
            id: call.id.clone(),
            kind: "function".to_owned(),
            function: FunctionCall {
                name: call.name.clone(),
                arguments: call.arguments.to_string(),
            },
        }
    }

    /// The call as the stream's `index`th.
    pub(super) fn at(index: usize, call: &ToolCall) -> Self {
        Self {
            index: Some(index),
            ..Self::of(call)
        }
    }

    fn read(self) -> Result<ToolCall, Problem> {
        let arguments = serde_json::from_str(&self.function.arguments).map_err(|_| {
            Problem::new(
                Code::InvalidArgument,
                "the arguments of a tool call are no JSON",
            )
        })?;
        Ok(ToolCall {
            id: self.id,
            name: self.function.name,
            arguments,
        })
    }
}

impl ToolIn {
    pub(super) fn read(self) -> Result<ToolSpec, Problem> {
        if self.kind != "function" {
            return Err(Problem::new(
                Code::Unsupported,
                "tools are functions: other types are not understood",
            ));
        }
        Ok(ToolSpec {
            name: self.function.name,
            description: self.function.description,
            parameters: self.function.parameters,
        })
    }
}
