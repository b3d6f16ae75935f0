//! What a turn says while it runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::MessageId;

/// An event with its place in the turn, counted from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberedEvent {
    /// Its place.
    pub number: u64,
    /// What happened.
    pub event: TurnEvent,
}

/// A step of a turn. The last one is always [`Done`](TurnEvent::Done), and only the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnEvent {
    /// What memory brought; empty when nothing was relevant.
    Recall {
        /// Best first.
        items: Vec<RecalledItem>,
    },
    /// A piece of the answer.
    Delta {
        /// Never empty, whole characters.
        text: String,
    },
    /// The model asks for a tool. Logged before the tool runs.
    ToolCall {
        /// Unique in the turn.
        id: String,
        /// The tool.
        name: String,
        /// What it is called with.
        arguments: Value,
    },
    /// What the tool gave back.
    ToolResult {
        /// The call's id.
        id: String,
        /// What the model reads.
        content: String,
        /// Whether `content` tells of a failure.
        failed: bool,
    },
    /// Tokens of one round with the model.
    Usage {
        /// Read.
        prompt_tokens: u32,
        /// Written.
        completion_tokens: u32,
    },
    /// The end.
    Done {
        /// The answer as a message of the conversation.
        message_id: MessageId,
        /// Why it ended.
        finish: Finish,
        /// The model that was asked for; `None` for the default one.
        model_asked: Option<String>,
        /// The model that answered; `None` when memory alone did.
        model_answered: Option<String>,
        /// Why it is this one: `named`, `default`, `routed` or `fallback`.
        #[serde(default)]
        model_why: Option<String>,
        /// What went wrong, when `finish` is [`Failed`](Finish::Failed).
        error: Option<TurnFailure>,
    },
}

/// Why a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model came to its end.
    Stop,
    /// The answer reached its token limit.
    Length,
    /// The rounds of tool calls were used up.
    ToolRounds,
    /// Somebody stopped it; the part given is kept.
    Cancelled,
    /// The program ended in the middle; the part given is kept.
    Interrupted,
    /// No model is loaded: memory was quoted instead.
    NoModel,
    /// An error; the part given is kept.
    Failed,
}

/// An error as a turn reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFailure {
    /// A stable code, see [`Code`](crate::Code).
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// A memory that a turn was given, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecalledItem {
    /// The memory's id, to look it up or forget it.
    pub id: String,
    /// Who said it.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// Unix milliseconds when it was said.
    pub at: i64,
    /// Comparable within one recall only.
    pub score: f32,
    /// The words of the message that matched it.
    pub terms: Vec<String>,
    /// How much each channel of ranking gave it.
    pub channels: Vec<(String, f32)>,
}
