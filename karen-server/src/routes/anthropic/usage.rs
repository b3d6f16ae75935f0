//! What a message took, and why it ended.

use karen_core::infer::{FinishReason, Usage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::telemetry;

#[derive(Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = AnthropicUsage)]
pub(super) struct UsageBody {
    /// Tokens of the prompt that were read for this answer.
    input_tokens: u32,
    output_tokens: u32,
    /// Tokens of the prompt that were known from an earlier one.
    cache_read_input_tokens: u32,
    /// Always 0: what was read is known without being asked for.
    cache_creation_input_tokens: u32,
}

impl UsageBody {
    /// The usage as the client is told, after the operators' counters heard of it.
    pub(super) fn counted(usage: Usage) -> Self {
        telemetry::count_tokens(usage.prompt_tokens, usage.completion_tokens);
        Self {
            input_tokens: usage.prompt_tokens.saturating_sub(usage.cached_tokens),
            output_tokens: usage.completion_tokens,
            cache_read_input_tokens: usage.cached_tokens,
            cache_creation_input_tokens: 0,
        }
    }
}

/// A stop sequence ends a turn too: which of both it was is not told.
pub(super) fn stop_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Filtered => "refusal",
        _ => "end_turn",
    }
}
