//! A response as it stands.

use karen_core::infer::{FinishReason, ModelName, Usage};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::item::{Item, Status};
use super::request::{ResponsesRequest, TextBody, ToolBody, ToolChoiceBody};
use crate::routes::openai::error::ErrorDetail;
use crate::telemetry;

/// A response; what was asked is said again in it.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiResponse)]
pub(super) struct ResponseBody {
    id: String,
    /// Always `response`.
    object: &'static str,
    /// Unix seconds.
    created_at: u64,
    pub(super) status: Status,
    pub(super) error: Option<ErrorDetail>,
    incomplete_details: Option<IncompleteDetails>,
    /// The model that answers.
    model: String,
    pub(super) output: Vec<Item>,
    pub(super) usage: Option<UsageBody>,
    instructions: Option<String>,
    max_output_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    tools: Vec<ToolBody>,
    tool_choice: ToolChoiceBody,
    text: TextBody,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Always true.
    parallel_tool_calls: bool,
    /// Always null.
    previous_response_id: Option<String>,
    /// Always false.
    store: bool,
    /// Always `disabled`.
    truncation: &'static str,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiResponseIncomplete)]
struct IncompleteDetails {
    /// `max_output_tokens` or `content_filter`.
    reason: &'static str,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = OpenAiResponseUsage)]
pub(super) struct UsageBody {
    input_tokens: u32,
    input_tokens_details: InputDetails,
    output_tokens: u32,
    output_tokens_details: OutputDetails,
    total_tokens: u32,
}

/// Of which kind the tokens of an input are.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = OpenAiResponseInputDetails)]
struct InputDetails {
    /// Known from an earlier input, and not read again.
    cached_tokens: u32,
    /// Always 0: what was read is known without being asked for.
    cache_write_tokens: u32,
}

/// Of which kind the tokens of an output are.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = OpenAiResponseOutputDetails)]
struct OutputDetails {
    /// Always 0: thoughts are not counted apart.
    reasoning_tokens: u32,
}

impl ResponseBody {
    pub(super) fn begin(request: &ResponsesRequest) -> Self {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
        Self {
            id: format!("resp_{}", Uuid::now_v7().simple()),
            object: "response",
            created_at: since.map_or(0, |elapsed| elapsed.as_secs()),
            status: Status::InProgress,
            error: None,
            incomplete_details: None,
            model: request.model.clone(),
            output: Vec::new(),
            usage: None,
            instructions: request.instructions.clone(),
            max_output_tokens: request.max_output_tokens,
            temperature: request.temperature,
            top_p: request.top_p,
            tools: request.tools.clone(),
            tool_choice: request.tool_choice.clone(),
            text: request.text.clone(),
            metadata: request.metadata.clone(),
            parallel_tool_calls: true,
            previous_response_id: None,
            store: false,
            truncation: "disabled",
        }
    }

    pub(super) fn answered_by(mut self, model: &ModelName) -> Self {
        self.model = model.to_string();
        self
    }

    pub(super) fn end(&mut self, reason: FinishReason) {
        let cut = match reason {
            FinishReason::Length => Some("max_output_tokens"),
            FinishReason::Filtered => Some("content_filter"),
            _ => None,
        };
        self.incomplete_details = cut.map(|reason| IncompleteDetails { reason });
        self.status = match cut {
            Some(_) => Status::Incomplete,
            None => Status::Completed,
        };
    }
}

impl UsageBody {
    /// The usage as the client is told, after the operators' counters heard of it.
    pub(super) fn counted(usage: Usage) -> Self {
        telemetry::count_tokens(usage.prompt_tokens, usage.completion_tokens);
        Self {
            input_tokens: usage.prompt_tokens,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached_tokens,
                cache_write_tokens: 0,
            },
            output_tokens: usage.completion_tokens,
            output_tokens_details: OutputDetails {
                reasoning_tokens: 0,
            },
            total_tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens),
        }
    }
}
