//! Messages as Gemini writes them: contents of parts.

use serde::Serialize;
use serde_json::{Map, Value};

use super::call_id;
use crate::{Image, Message, ModelError, ModelErrorKind, Role, ToolCall};

#[derive(Serialize)]
pub(super) struct Content {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    #[serde(flatten)]
    data: Payload,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Payload {
    Text(String),
    #[serde(rename_all = "camelCase")]
    InlineData {
        mime_type: String,
        data: String,
    },
    #[serde(rename_all = "camelCase")]
    FileData {
        file_uri: String,
    },
    FunctionCall {
        name: String,
        args: Value,
    },
    FunctionResponse {
        name: String,
        response: Map<String, Value>,
    },
}

/// What the program says, apart from the chat; and the chat.
pub(super) fn split(messages: &[Message]) -> Result<(Option<Content>, Vec<Content>), ModelError> {
    let system: Vec<Part> = messages
        .iter()
        .filter(|message| message.role == Role::System)
        .map(|message| Part::text(&message.content))
        .collect();
    let system = (!system.is_empty()).then_some(Content {
        role: None,
        parts: system,
    });
    let mut contents: Vec<Content> = Vec::new();
    for message in messages
        .iter()
        .filter(|message| message.role != Role::System)
    {
        let role = match message.role {
            Role::Assistant => "model",
            _ => "user",
        };
        let parts = parts(message, messages)?;
        // Results of calls made together belong into one content.
        match contents.last_mut().filter(|last| last.role == Some(role)) {
            Some(last) => last.parts.extend(parts),
            None => contents.push(Content {
                role: Some(role),
                parts,
            }),
        }
    }
    Ok((system, contents))
}

fn parts(message: &Message, chat: &[Message]) -> Result<Vec<Part>, ModelError> {
    if message.role == Role::Tool {
        return Ok(vec![Part::result(message, chat)?]);
    }
    let said = (!message.content.is_empty()).then(|| Part::text(&message.content));
    let images = message.images.iter().map(Part::image);
    let calls = message.tool_calls.iter().map(Part::call);
    let parts: Vec<Part> = said.into_iter().chain(images).chain(calls).collect();
    // A content has parts.
    Ok(if parts.is_empty() {
        vec![Part::text("")]
    } else {
        parts
    })
}

impl Part {
    fn of(data: Payload) -> Self {
        Self {
            data,
            thought_signature: None,
        }
    }

    pub(super) fn text(text: &str) -> Self {
        Self::of(Payload::Text(text.to_owned()))
    }

    fn image(image: &Image) -> Self {
        Self::of(match image {
            Image::Url(url) => Payload::FileData {
                file_uri: url.clone(),
            },
            Image::Inline { media_type, base64 } => Payload::InlineData {
                mime_type: media_type.clone(),
                data: base64.clone(),
            },
        })
    }

    fn call(call: &ToolCall) -> Self {
        Self {
            thought_signature: call_id::signature(&call.id),
            ..Self::of(Payload::FunctionCall {
                name: call.name.clone(),
                args: call.arguments.clone(),
            })
        }
    }

    /// A result names the function, which only the call tells.
    fn result(message: &Message, chat: &[Message]) -> Result<Self, ModelError> {
        let mut calls = chat.iter().flat_map(|message| &message.tool_calls);
        let call = calls.find(|call| Some(&call.id) == message.tool_call_id.as_ref());
        let unknown = || {
            let why = "a tool's message answers a call that is not in the chat".to_owned();
            ModelError::new(ModelErrorKind::Invalid(why), "ask", "the provider")
        };
        Ok(Self::of(Payload::FunctionResponse {
            name: call.ok_or_else(unknown)?.name.clone(),
            response: response(&message.content),
        }))
    }
}

/// A response is an object: what is none becomes the field `result` of one.
fn response(content: &str) -> Map<String, Value> {
    match serde_json::from_str(content) {
        Ok(Value::Object(object)) => object,
        _ => Map::from_iter([("result".to_owned(), Value::from(content))]),
    }
}
