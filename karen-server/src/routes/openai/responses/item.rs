//! An item of a response.

use karen_core::infer::ToolCall;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A message, a call that the model asks for, or what it thought before.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiResponseItem)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message {
        id: String,
        status: Status,
        /// Always `assistant`.
        role: &'static str,
        content: Vec<Part>,
    },
    FunctionCall {
        id: String,
        status: Status,
        call_id: String,
        name: String,
        /// A JSON object, as text.
        arguments: String,
    },
    Reasoning {
        id: String,
        status: Status,
        /// Always empty: what was thought is given whole.
        summary: Vec<String>,
        content: Vec<Part>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiResponseStatus)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    /// It reached its limit, or the rest is withheld.
    Incomplete,
    Failed,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiResponsePart)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    OutputText {
        text: String,
        /// Always empty.
        annotations: Vec<String>,
    },
    ReasoningText {
        text: String,
    },
}

/// What a text of the model belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Message,
    Reasoning,
}

impl Item {
    /// An item without text yet.
    pub(super) fn begin(channel: Channel) -> Self {
        let (status, content) = (Status::InProgress, Vec::new());
        match channel {
            Channel::Message => Self::Message {
                id: fresh("msg"),
                status,
                role: "assistant",
                content,
            },
            Channel::Reasoning => Self::Reasoning {
                id: fresh("rs"),
                status,
                summary: Vec::new(),
                content,
            },
        }
    }

    /// A call without its arguments, which follow.
    pub(super) fn call(call: &ToolCall) -> Self {
        Self::FunctionCall {
            id: fresh("fc"),
            status: Status::InProgress,
            call_id: call.id.clone(),
            name: call.name.clone(),
            arguments: String::new(),
        }
    }

    pub(super) fn id(&self) -> String {
        let (Self::Message { id, .. } | Self::FunctionCall { id, .. } | Self::Reasoning { id, .. }) =
            self;
        id.clone()
    }

    /// The item at its end: with all of its text, or with its arguments.
    pub(super) fn end(&mut self, as_what: Status, whole: String) {
        match self {
            Self::Message {
                status, content, ..
            } => {
                *status = as_what;
                *content = vec![Channel::Message.part(whole)];
            }
            Self::Reasoning {
                status, content, ..
            } => {
                *status = as_what;
                *content = vec![Channel::Reasoning.part(whole)];
            }
            Self::FunctionCall {
                status, arguments, ..
            } => {
                *status = as_what;
                *arguments = whole;
            }
        }
    }
}

impl Channel {
    pub(super) fn part(self, text: String) -> Part {
        match self {
            Self::Message => Part::OutputText {
                text,
                annotations: Vec::new(),
            },
            Self::Reasoning => Part::ReasoningText { text },
        }
    }
}

fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}
