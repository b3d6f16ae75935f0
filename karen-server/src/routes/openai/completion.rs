//! What completions and each of their pieces have in common.

use karen_core::Answering;
use karen_core::infer::{FinishReason, Usage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::telemetry;

/// What every chunk and the whole answer say of themselves.
#[derive(Clone)]
pub(super) struct Heading {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) model: String,
}

#[derive(Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = OpenAiUsage)]
pub(super) struct UsageBody {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    prompt_tokens_details: PromptTokensDetails,
}

/// Of which kind the tokens of a prompt are.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
struct PromptTokensDetails {
    /// Known from an earlier prompt, and not read again.
    cached_tokens: u32,
}

impl Heading {
    pub(super) fn of(answering: &Answering) -> Self {
        Self::with_prefix("chatcmpl", answering)
    }

    /// With an id that begins as those of its kind do.
    pub(super) fn with_prefix(prefix: &str, answering: &Answering) -> Self {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
        Self {
            id: format!("{prefix}-{}", Uuid::now_v7().simple()),
            created: since.map_or(0, |elapsed| elapsed.as_secs()),
            model: answering.model().to_string(),
        }
    }
}

impl UsageBody {
    /// The usage as the client is told, after the operators' counters heard of it.
    pub(super) fn counted(usage: Usage) -> Self {
        telemetry::count_tokens(usage.prompt_tokens, usage.completion_tokens);
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens),
            prompt_tokens_details: PromptTokensDetails {
                cached_tokens: usage.cached_tokens,
            },
        }
    }
}

pub(super) fn finish(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Filtered => "content_filter",
        _ => "stop",
    }
}
