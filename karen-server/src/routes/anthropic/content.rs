//! Messages in Anthropic's shape, and what they mean to a model.

use karen_core::Code;
use karen_core::infer::{Image, Message, ToolCall};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A message of a chat.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicMessageIn)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageIn {
    role: RoleIn,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = AnthropicRole)]
#[serde(rename_all = "lowercase")]
enum RoleIn {
    User,
    Assistant,
}

/// Text, or blocks.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicContent)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Blocks(Vec<BlockIn>),
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicBlockIn)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum BlockIn {
    Text {
        text: String,
    },
    Image {
        source: ImageSource,
    },
    ToolUse {
        id: String,
        name: String,
        #[schema(value_type = Object)]
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        #[schema(no_recursion)]
        content: Option<Content>,
        #[serde(default)]
        is_error: bool,
    },
    /// What the model thought before; not shown to it again.
    Thinking {},
    /// The same, unreadable.
    RedactedThinking {},
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicImageSource)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ImageSource {
    Base64 { media_type: String, data: String },
    Url { url: String },
}

/// What the blocks of a message come to.
#[derive(Default)]
struct Shown {
    text: String,
    images: Vec<Image>,
    calls: Vec<ToolCall>,
    /// Calls that are answered, with the answers.
    results: Vec<(String, String)>,
}

impl MessageIn {
    /// The messages that it is to a model: results of tools are messages of their own.
    pub(super) fn read(self) -> Result<Vec<Message>, Problem> {
        let shown = self.content.read()?;
        let is_said = !shown.text.is_empty() || !shown.images.is_empty();
        let has_results = !shown.results.is_empty();
        let results = shown.results.into_iter();
        let mut messages: Vec<Message> = results
            .map(|(call, text)| Message::tool_result(call, text))
            .collect();
        match self.role {
            RoleIn::Assistant => messages.push(Message::calls(shown.text, shown.calls)),
            RoleIn::User if !shown.calls.is_empty() => {
                return Err(refused("only the assistant uses tools"));
            }
            RoleIn::User if is_said || !has_results => {
                messages.push(Message::user(shown.text).showing(shown.images));
            }
            RoleIn::User => {}
        }
        Ok(messages)
    }
}

impl Content {
    /// The text of a content that has nothing else.
    pub(super) fn into_text(self) -> Result<String, Problem> {
        let shown = self.read()?;
        if !shown.images.is_empty() || !shown.calls.is_empty() || !shown.results.is_empty() {
            return Err(refused("only text is understood here"));
        }
        Ok(shown.text)
    }

    fn read(self) -> Result<Shown, Problem> {
        let mut shown = Shown::default();
        match self {
            Self::Text(text) => shown.text = text,
            Self::Blocks(blocks) => {
                for block in blocks {
                    shown.add(block)?;
                }
            }
        }
        Ok(shown)
    }
}

impl Shown {
    fn add(&mut self, block: BlockIn) -> Result<(), Problem> {
        match block {
            BlockIn::Text { text } => self.text.push_str(&text),
            BlockIn::Image { source } => self.images.push(source.read()),
            BlockIn::ToolUse { id, name, input } => self.calls.push(ToolCall {
                id,
                name,
                arguments: input,
            }),
            BlockIn::ToolResult {
                tool_use_id,
                content,
                is_error,
            } => {
                let text = content.map_or_else(|| Ok(String::new()), Content::into_text)?;
                let text = if is_error {
                    format!("Error: {text}")
                } else {
                    text
                };
                self.results.push((tool_use_id, text));
            }
            BlockIn::Thinking {} | BlockIn::RedactedThinking {} => {}
        }
        Ok(())
    }
}

impl ImageSource {
    fn read(self) -> Image {
        match self {
            Self::Base64 { media_type, data } => Image::Inline {
                media_type,
                base64: data,
            },
            Self::Url { url } => Image::Url(url),
        }
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidArgument, detail)
}
