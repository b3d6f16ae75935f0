//! Messages and tools as OpenAI writes them.

use serde::Serialize;
use serde_json::Value;

use crate::{Image, Message, Role, ToolCall, ToolSpec};

#[derive(Serialize)]
pub(super) struct MessageBody<'a> {
    role: Role,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct CallBody<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    /// JSON, as text.
    arguments: String,
}

#[derive(Serialize)]
pub(super) struct ToolBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> MessageBody<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        Self {
            role: message.role,
            content: content(message),
            tool_calls: message.tool_calls.iter().map(CallBody::of).collect(),
            tool_call_id: message.tool_call_id.as_deref(),
        }
    }
}

/// `None` for a message that only calls tools.
fn content(message: &Message) -> Option<Content<'_>> {
    let text = message.content.as_str();
    if message.images.is_empty() {
        return (!text.is_empty() || message.tool_calls.is_empty()).then_some(Content::Text(text));
    }
    let said = (!text.is_empty()).then_some(Part::Text { text });
    let images = message.images.iter().map(Part::image);
    Some(Content::Parts(said.into_iter().chain(images).collect()))
}

impl Part<'_> {
    fn image(image: &Image) -> Self {
        Self::ImageUrl {
            image_url: ImageUrl {
                url: image_url(image),
            },
        }
    }
}

/// Where an image is, or all of it.
pub(super) fn image_url(image: &Image) -> String {
    match image {
        Image::Url(url) => url.clone(),
        Image::Inline { media_type, base64 } => format!("data:{media_type};base64,{base64}"),
    }
}

impl<'a> CallBody<'a> {
    fn of(call: &'a ToolCall) -> Self {
        Self {
            id: &call.id,
            kind: "function",
            function: CalledFunction {
                name: &call.name,
                arguments: call.arguments.to_string(),
            },
        }
    }
}

impl<'a> ToolBody<'a> {
    pub(super) fn of(tool: &'a ToolSpec) -> Self {
        Self {
            kind: "function",
            function: Function {
                name: &tool.name,
                description: &tool.description,
                parameters: &tool.parameters,
            },
        }
    }
}
