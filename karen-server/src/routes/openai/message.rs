//! Messages and tools in OpenAI's shape, and what they mean to a model.

use karen_core::Code;
use karen_core::infer::{Image, Message, ToolCall, ToolSpec};
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

/// Text, or parts of text and pictures.
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
    /// `text` and `image_url` are understood.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
    image_url: Option<ImageUrl>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiImageUrl)]
struct ImageUrl {
    /// An address, or the picture itself: `data:image/png;base64,...`.
    url: String,
    /// Accepted and not used.
    #[serde(rename = "detail")]
    _detail: Option<String>,
}

/// What a content says and shows.
#[derive(Default)]
struct Shown {
    text: String,
    images: Vec<Image>,
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

pub(super) fn no_parameters() -> Value {
    serde_json::json!({ "type": "object", "properties": {} })
}

impl MessageIn {
    pub(super) fn read(self) -> Result<Message, Problem> {
        let Shown { text, images } = self
            .content
            .map_or_else(|| Ok(Shown::default()), Content::read)?;
        let message = match self.role {
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
        };
        Ok(message.showing(images))
    }
}

impl Content {
    fn read(self) -> Result<Shown, Problem> {
        let parts = match self {
            Self::Text(text) => {
                let images = Vec::new();
                return Ok(Shown { text, images });
            }
            Self::Parts(parts) => parts,
        };
        let mut shown = Shown::default();
        for part in parts {
            match (part.kind.as_str(), part.image_url) {
                ("text", _) => shown.text.push_str(&part.text),
                ("image_url", Some(image)) => shown.images.push(inline_or_url(image.url)?),
                _ => {
                    let detail =
                        "messages are made of text and images: other parts are not understood";
                    return Err(Problem::new(Code::Unsupported, detail));
                }
            }
        }
        Ok(shown)
    }
}

/// The picture at an address, or the one that a `data:` address holds.
pub(super) fn inline_or_url(url: String) -> Result<Image, Problem> {
    let Some(data) = url.strip_prefix("data:") else {
        return Ok(Image::Url(url));
    };
    let (media_type, base64) = data.split_once(";base64,").ok_or_else(|| {
        let detail = "an image in a message is data:TYPE;base64,BYTES";
        Problem::new(Code::InvalidArgument, detail)
    })?;
    Ok(Image::Inline {
        media_type: media_type.to_owned(),
        base64: base64.to_owned(),
    })
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
