//! Generated content: whole, or a stream of such.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::call_id;
use crate::remote::failure::Complaint;
use crate::remote::wire::{AnswerReader, Ending, malformed};
use crate::{FinishReason, GenerateEvent, ModelError, ToolCall, Usage};

/// Puts the pieces of an answer together.
#[derive(Default)]
pub(in crate::remote) struct ContentAnswer {
    has_calls: bool,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Option<UsageMetadata>,
    error: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<FunctionCall>,
}

#[derive(Deserialize)]
struct FunctionCall {
    id: Option<String>,
    name: String,
    #[serde(default)]
    args: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

/// Counted up from piece to piece.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct UsageMetadata {
    prompt_token_count: u32,
    tool_use_prompt_token_count: u32,
    candidates_token_count: u32,
    thoughts_token_count: u32,
    cached_content_token_count: u32,
}

impl AnswerReader for ContentAnswer {
    fn read(&mut self, piece: &str) -> Result<Vec<GenerateEvent>, ModelError> {
        let response: Response = serde_json::from_str(piece).map_err(malformed)?;
        if let Some(complaint) = response.error {
            return Err(complaint.in_stream());
        }
        if let Some(usage) = response.usage_metadata {
            self.usage = Some(usage.total());
        }
        if response
            .prompt_feedback
            .is_some_and(|feedback| feedback.block_reason.is_some())
        {
            self.finish = Some(FinishReason::Filtered);
        }
        // One answer is asked for.
        let candidate = response.candidates.into_iter().next();
        candidate.map_or(Ok(Vec::new()), |candidate| self.read_candidate(candidate))
    }

    fn end(self) -> Result<Option<Ending>, ModelError> {
        let finish = self.finish.map(|finish| match finish {
            FinishReason::Stop if self.has_calls => FinishReason::ToolCalls,
            finish => finish,
        });
        Ok(finish.map(|finish| Ending {
            calls: Vec::new(),
            usage: self.usage,
            finish,
        }))
    }
}

impl ContentAnswer {
    fn read_candidate(&mut self, candidate: Candidate) -> Result<Vec<GenerateEvent>, ModelError> {
        if let Some(reason) = candidate.finish_reason {
            self.finish = Some(finish(&reason)?);
        }
        let parts = candidate
            .content
            .into_iter()
            .flat_map(|content| content.parts);
        let events: Vec<GenerateEvent> = parts.filter_map(Part::event).collect();
        let is_call = |event: &GenerateEvent| matches!(event, GenerateEvent::ToolCall(_));
        self.has_calls |= events.iter().any(is_call);
        Ok(events)
    }
}

impl Part {
    fn event(self) -> Option<GenerateEvent> {
        if let Some(call) = self.function_call {
            return Some(GenerateEvent::ToolCall(ToolCall {
                id: call_id::with_signature(call.id, self.thought_signature.as_deref()),
                name: call.name,
                arguments: Value::Object(call.args),
            }));
        }
        let text = self.text.filter(|text| !text.is_empty())?;
        Some(if self.thought {
            GenerateEvent::ReasoningDelta(text)
        } else {
            GenerateEvent::TextDelta(text)
        })
    }
}

impl UsageMetadata {
    fn total(&self) -> Usage {
        Usage {
            prompt_tokens: self
                .prompt_token_count
                .saturating_add(self.tool_use_prompt_token_count),
            completion_tokens: self
                .candidates_token_count
                .saturating_add(self.thoughts_token_count),
            cached_tokens: self.cached_content_token_count,
        }
    }
}

fn finish(reason: &str) -> Result<FinishReason, ModelError> {
    match reason {
        "MAX_TOKENS" => Ok(FinishReason::Length),
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" => {
            Ok(FinishReason::Filtered)
        }
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MISSING_THOUGHT_SIGNATURE" => {
            Err(malformed("the model's call of a tool is none"))
        }
        _ => Ok(FinishReason::Stop),
    }
}
