//! A request for a chat completion, and what of it is understood.

use karen_core::Code;
use karen_core::infer::{AnswerFormat, GenerateRequest, Message, ModelName, Sampling, ToolSpec};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::choice::ToolChoiceIn;
use super::format::FormatIn;
use super::message::{MessageIn, ToolIn};
use crate::problem::Problem;

/// A chat to complete. Fields that change the answer and are not understood are refused; fields
/// that only concern OpenAI's own books are accepted and not used.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiChatRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatRequest {
    /// `default` asks for the default model.
    pub(super) model: String,
    messages: Vec<MessageIn>,
    #[serde(default)]
    pub(super) stream: bool,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    seed: Option<u64>,
    stop: Option<Stop>,
    tools: Option<Vec<ToolIn>>,
    tool_choice: Option<ToolChoiceIn>,
    /// 1.
    n: Option<u32>,
    response_format: Option<FormatIn>,
    logprobs: Option<bool>,
    #[serde(rename = "top_logprobs")]
    _top_logprobs: Option<u32>,
    #[serde(rename = "user")]
    _user: Option<String>,
    #[serde(rename = "store")]
    _store: Option<bool>,
    #[serde(rename = "metadata")]
    #[schema(value_type = Option<Object>)]
    _metadata: Option<Value>,
    #[serde(rename = "service_tier")]
    _service_tier: Option<String>,
    #[serde(rename = "parallel_tool_calls")]
    _parallel_tool_calls: Option<bool>,
    #[serde(rename = "safety_identifier")]
    _safety_identifier: Option<String>,
    #[serde(rename = "prompt_cache_key")]
    _prompt_cache_key: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiStreamOptions)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamOptions {
    /// Whether the last chunk counts tokens.
    #[serde(default)]
    include_usage: bool,
    #[serde(rename = "include_obfuscation")]
    _include_obfuscation: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiStop)]
#[serde(untagged)]
pub(super) enum Stop {
    One(String),
    Many(Vec<String>),
}

impl ChatRequest {
    pub(super) fn include_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .is_some_and(StreamOptions::include_usage)
    }

    pub(super) fn read(self) -> Result<GenerateRequest, Problem> {
        self.refuse_what_is_not_understood()?;
        let sampling = self.sampling();
        let tool_choice = self.tool_choice.unwrap_or_default();
        let tools = self.tools.filter(|_| tool_choice.allows());
        let tools = tools.unwrap_or_default();
        let tools: Result<Vec<ToolSpec>, Problem> = tools.into_iter().map(ToolIn::read).collect();
        let messages: Result<Vec<Message>, Problem> =
            self.messages.into_iter().map(MessageIn::read).collect();
        Ok(GenerateRequest {
            model: named(&self.model)?,
            messages: messages.map_err(|problem| problem.at("/messages"))?,
            tools: tools.map_err(|problem| problem.at("/tools"))?,
            tool_choice: tool_choice.read()?,
            format: self
                .response_format
                .map_or(AnswerFormat::Text, FormatIn::read),
            sampling,
            stop: self.stop.map_or_else(Vec::new, Stop::into_texts),
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            ..GenerateRequest::default()
        })
    }

    fn sampling(&self) -> Sampling {
        let default = Sampling::default();
        Sampling {
            temperature: self.temperature.unwrap_or(default.temperature),
            top_k: self.top_k.unwrap_or(default.top_k),
            top_p: self.top_p.unwrap_or(default.top_p),
            min_p: self.min_p.unwrap_or(default.min_p),
            presence_penalty: self.presence_penalty.unwrap_or(default.presence_penalty),
            frequency_penalty: self.frequency_penalty.unwrap_or(default.frequency_penalty),
            seed: self.seed,
            ..default
        }
    }

    /// Better refused than answered as if it had not been asked.
    fn refuse_what_is_not_understood(&self) -> Result<(), Problem> {
        let unsupported = |place: &str, detail: &'static str| {
            Err(Problem::new(Code::Unsupported, detail).at(place))
        };
        if self.n.is_some_and(|n| n != 1) {
            return unsupported("/n", "one answer at a time: n must be 1");
        }
        if self.logprobs == Some(true) {
            return unsupported("/logprobs", "log probabilities are not given");
        }
        Ok(())
    }
}

impl StreamOptions {
    pub(super) fn include_usage(&self) -> bool {
        self.include_usage
    }
}

impl Stop {
    pub(super) fn into_texts(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// `default` is for clients that cannot leave the model out.
pub(in crate::routes) fn named(model: &str) -> Result<Option<ModelName>, Problem> {
    if model == "default" {
        return Ok(None);
    }
    let missing =
        |_| Problem::new(Code::ModelMissing, "there is no model of this name").at("/model");
    ModelName::parse(model).map(Some).map_err(missing)
}
