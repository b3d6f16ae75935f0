//! What is asked of a model, and what it answers with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Caller, Message, ModelName, ToolCall, ToolSpec, Waiting};

/// An answer to a chat is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerateRequest {
    /// The model; the default one if not said.
    pub model: Option<ModelName>,
    /// The chat so far, the system's message first.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// Whether it must call one.
    pub tool_choice: ToolChoice,
    /// What the answer must be.
    pub format: AnswerFormat,
    /// How each token is chosen.
    pub sampling: Sampling,
    /// Texts that end the answer before they appear in it.
    pub stop: Vec<String>,
    /// Tokens of the answer at most; what the context leaves if not said.
    pub max_tokens: Option<u32>,
    /// For whom: keeps a split sticky, pays from a budget, and shares cached answers with its
    /// tenant alone.
    pub caller: Option<Caller>,
    /// Asks the model even where the cache has the answer.
    pub fresh: bool,
    /// How it waits for a model that others ask too.
    pub waiting: Waiting,
}

/// Whether a tool must be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolChoice {
    /// The model chooses.
    #[default]
    Auto,
    /// Any of them.
    Required,
    /// This one.
    Named(String),
}

/// What an answer must be.
///
/// A model that keeps to a form keeps to it token by token: an answer that ends with
/// [`FinishReason::Stop`] is of that form. One that reaches its limit before is cut, and ends with
/// [`FinishReason::Length`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerFormat {
    /// Anything.
    #[default]
    Text,
    /// A JSON object.
    Json,
    /// JSON that validates.
    Schema {
        /// What the schema is called.
        name: String,
        /// A JSON schema.
        schema: Value,
        /// Whether the provider must hold to every word of it; some can do so for plain schemas only.
        strict: bool,
    },
    /// Text that matches the whole of a regular expression, in the syntax of Rust's `regex` without
    /// look-around and anchors.
    Regex(String),
    /// Text of a context-free grammar, in llguidance's variant of Lark; its rule `start` is the answer.
    Grammar(String),
}

/// A continuation of plain text is wanted; no chat template is applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompletionRequest {
    /// The model; the default one if not said.
    pub model: Option<ModelName>,
    /// The text. Special tokens in it are read as such.
    pub prompt: String,
    /// How each token is chosen.
    pub sampling: Sampling,
    /// Texts that end the answer before they appear in it.
    pub stop: Vec<String>,
    /// Tokens of the answer at most; what the context leaves if not said.
    pub max_tokens: Option<u32>,
    /// For whom: keeps a split sticky, and pays from a budget.
    pub caller: Option<Caller>,
    /// Goes on past the model's own end of text, and writes special tokens out; for comparisons.
    pub ignore_end: bool,
    /// Gives the id of each token too.
    pub token_ids: bool,
    /// How it waits for a model that others ask too.
    pub waiting: Waiting,
}

/// How the next token is chosen, in this order: penalties, temperature, `top_k`, `top_p`, `min_p`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// 0 takes the likeliest token always; higher is more random, up to 2.
    pub temperature: f32,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: u32,
    /// Only the likeliest tokens that together have this probability; 1 for all.
    pub top_p: f32,
    /// Only tokens at least this likely relative to the likeliest; 0 for all.
    pub min_p: f32,
    /// Divides the logits of tokens seen in the last 64 (Keskar et al. 2019); 1 for none.
    pub repeat_penalty: f32,
    /// Taken off the logit of each token that the answer has already, -2 to 2.
    pub presence_penalty: f32,
    /// The same for each time it has it, -2 to 2.
    pub frequency_penalty: f32,
    /// Makes the same request give the same answer; drawn at random if not said.
    pub seed: Option<u64>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repeat_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            seed: None,
        }
    }
}

/// A piece of an answer. [`Done`](GenerateEvent::Done) is the last one, after
/// [`Usage`](GenerateEvent::Usage).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GenerateEvent {
    /// Text, whole characters, never empty.
    TextDelta(String),
    /// What the model thinks before it answers, where it tells; never empty.
    ReasoningDelta(String),
    /// A token, before the text that it completes; only where asked for.
    Token(i32),
    /// A tool to call.
    ToolCall(ToolCall),
    /// What it took.
    Usage(Usage),
    /// The end, and why.
    Done(FinishReason),
}

/// Tokens that an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
    /// Tokens of the prompt that were known from an earlier one, and not read again.
    pub cached_tokens: u32,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model came to its end, or to a stop text.
    Stop,
    /// It reached its limit or the end of the context.
    Length,
    /// It wants tools called.
    ToolCalls,
    /// The caller cancelled it.
    Cancelled,
    /// The provider withholds the rest, or all of it.
    Filtered,
}
