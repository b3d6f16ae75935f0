//! A block of an answer.

use karen_core::infer::{GenerateEvent, ToolCall};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = AnthropicBlock)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text {
        text: String,
    },
    /// What the model thought before it answered, where it tells.
    Thinking {
        thinking: String,
        /// Always empty: nothing here checks what a model is said to have thought.
        signature: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[schema(value_type = Object)]
        input: Value,
    },
}

/// What is added to a block.
#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicBlockDelta)]
#[serde(tag = "type")]
pub(super) enum BlockDelta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    /// JSON, as text.
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
}

impl Block {
    pub(super) fn text() -> Self {
        Self::Text {
            text: String::new(),
        }
    }

    /// An empty block that the event begins, and what it adds; `None` for what is no part of a block.
    pub(super) fn begin(event: GenerateEvent) -> Option<(Self, BlockDelta)> {
        match event {
            GenerateEvent::TextDelta(text) => Some((Self::text(), BlockDelta::Text { text })),
            GenerateEvent::ReasoningDelta(thinking) => {
                let block = Self::Thinking {
                    thinking: String::new(),
                    signature: String::new(),
                };
                Some((block, BlockDelta::Thinking { thinking }))
            }
            GenerateEvent::ToolCall(call) => Some(Self::tool_use(call)),
            _ => None,
        }
    }

    fn tool_use(call: ToolCall) -> (Self, BlockDelta) {
        let partial_json = call.arguments.to_string();
        let block = Self::ToolUse {
            id: call.id,
            name: call.name,
            input: Value::Object(serde_json::Map::new()),
        };
        (block, BlockDelta::InputJson { partial_json })
    }

    /// Whether the delta goes on with this block. A call comes whole, in a block of its own.
    pub(super) fn goes_on_with(&self, delta: &BlockDelta) -> bool {
        matches!(
            (self, delta),
            (Self::Text { .. }, BlockDelta::Text { .. })
                | (Self::Thinking { .. }, BlockDelta::Thinking { .. })
        )
    }

    pub(super) fn add(&mut self, delta: BlockDelta) {
        match (self, delta) {
            (Self::Text { text }, BlockDelta::Text { text: more }) => text.push_str(&more),
            (Self::Thinking { thinking, .. }, BlockDelta::Thinking { thinking: more }) => {
                thinking.push_str(&more);
            }
            (Self::ToolUse { input, .. }, BlockDelta::InputJson { partial_json }) => {
                *input = serde_json::from_str(&partial_json).expect("it was written from JSON");
            }
            _ => unreachable!("a delta stands beside the block that it begins or goes on with"),
        }
    }
}
