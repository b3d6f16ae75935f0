//! What was said, in items, and what it means to a model.

use karen_core::Code;
use karen_core::infer::{Image, Message, Role, ToolCall};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::routes::openai::message::inline_or_url;

/// Text of the user, or items.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponseInput)]
#[serde(untagged)]
pub(super) enum Input {
    Text(String),
    Items(Vec<ItemIn>),
}

/// A message, a call of a tool, its output, or what the model thought.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponseItemIn)]
pub(super) struct ItemIn {
    /// `message` if not said.
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<RoleIn>,
    content: Option<Content>,
    call_id: Option<String>,
    name: Option<String>,
    /// A JSON object, as text.
    arguments: Option<String>,
    output: Option<Content>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[schema(as = OpenAiResponseRole)]
#[serde(rename_all = "lowercase")]
enum RoleIn {
    System,
    Developer,
    User,
    Assistant,
}

/// Text, or parts of text and pictures.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponseContentIn)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<PartIn>),
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponsePartIn)]
struct PartIn {
    /// `input_text`, `output_text` and `input_image` are understood.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
    /// An address, or the picture itself: `data:image/png;base64,...`.
    image_url: Option<String>,
}

impl Input {
    pub(super) fn read(self) -> Result<Vec<Message>, Problem> {
        let items = match self {
            Self::Text(text) => return Ok(vec![Message::user(text)]),
            Self::Items(items) => items,
        };
        let mut messages = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            let added = item.add_to(&mut messages);
            added.map_err(|problem| problem.at(format!("/input/{at}")))?;
        }
        Ok(messages)
    }
}

impl ItemIn {
    fn add_to(self, messages: &mut Vec<Message>) -> Result<(), Problem> {
        match self.kind.as_deref() {
            None | Some("message") => messages.push(self.message()?),
            Some("function_call") => add_call(self.call()?, messages),
            Some("function_call_output") => {
                let call = needed(self.call_id, "an output needs its call_id")?;
                let (text, _) = self
                    .output
                    .map_or_else(|| Ok(Default::default()), Content::read)?;
                messages.push(Message::tool_result(call, text));
            }
            // What the model thought is not shown to it again.
            Some("reasoning") => {}
            Some(_) => {
                let detail = "an input is made of messages, function calls and their outputs";
                return Err(Problem::new(Code::Unsupported, detail));
            }
        }
        Ok(())
    }

    fn message(self) -> Result<Message, Problem> {
        let role = needed(self.role, "a message needs its role")?;
        let (text, images) = needed(self.content, "a message needs its content")?.read()?;
        let message = match role {
            RoleIn::System | RoleIn::Developer => Message::system(text),
            RoleIn::User => Message::user(text),
            RoleIn::Assistant => Message::calls(text, Vec::new()),
        };
        Ok(message.showing(images))
    }

    fn call(self) -> Result<ToolCall, Problem> {
        let arguments = needed(self.arguments, "a call needs its arguments")?;
        let no_json = |_| refused("the arguments of a call are no JSON");
        Ok(ToolCall {
            id: needed(self.call_id, "a call needs its call_id")?,
            name: needed(self.name, "a call needs its name")?,
            arguments: serde_json::from_str(&arguments).map_err(no_json)?,
        })
    }
}

/// Calls that follow what the assistant said belong to it.
fn add_call(call: ToolCall, messages: &mut Vec<Message>) {
    match messages.last_mut() {
        Some(said) if said.role == Role::Assistant => said.tool_calls.push(call),
        _ => messages.push(Message::calls(String::new(), vec![call])),
    }
}

impl Content {
    fn read(self) -> Result<(String, Vec<Image>), Problem> {
        let parts = match self {
            Self::Text(text) => return Ok((text, Vec::new())),
            Self::Parts(parts) => parts,
        };
        let (mut said, mut images) = (String::new(), Vec::new());
        for part in parts {
            match (part.kind.as_str(), part.image_url) {
                ("input_text" | "output_text", _) => said.push_str(&part.text),
                ("input_image", Some(url)) => images.push(inline_or_url(url)?),
                _ => {
                    let detail =
                        "messages are made of text and images: other parts are not understood";
                    return Err(Problem::new(Code::Unsupported, detail));
                }
            }
        }
        Ok((said, images))
    }
}

fn needed<T>(value: Option<T>, detail: &'static str) -> Result<T, Problem> {
    value.ok_or_else(|| refused(detail))
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidArgument, detail)
}
