//! A chat completion, in chunks or whole.

use serde::Deserialize;
use serde_json::Value;

use crate::remote::failure::Complaint;
use crate::remote::wire::{AnswerReader, Ending, malformed};
use crate::{FinishReason, GenerateEvent, ModelError, ToolCall, Usage};

/// What ends a stream.
const DONE: &str = "[DONE]";

/// Puts the chunks of an answer together.
#[derive(Default)]
pub(in crate::remote) struct ChatAnswer {
    calls: Vec<OpenCall>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    is_over: bool,
}

/// A call whose arguments come in pieces.
struct OpenCall {
    index: usize,
    id: Option<String>,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<UsageBody>,
    error: Option<Complaint>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, alias = "message")]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    /// What vLLM, llama-server and DeepSeek tell of a model's thoughts.
    #[serde(alias = "reasoning")]
    reasoning_content: Option<String>,
    tool_calls: Option<Vec<CallPiece>>,
}

#[derive(Deserialize)]
struct CallPiece {
    /// Its place; absent where calls come whole.
    index: Option<usize>,
    id: Option<String>,
    function: Option<FunctionPiece>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct UsageBody {
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    prompt_tokens_details: Option<PromptTokensDetails>,
}

#[derive(Default, Deserialize)]
struct PromptTokensDetails {
    #[serde(default)]
    cached_tokens: u32,
}

impl AnswerReader for ChatAnswer {
    fn read(&mut self, piece: &str) -> Result<Vec<GenerateEvent>, ModelError> {
        if piece == DONE {
            self.is_over = true;
            return Ok(Vec::new());
        }
        let chunk: Chunk = serde_json::from_str(piece).map_err(malformed)?;
        if let Some(complaint) = chunk.error {
            return Err(complaint.in_stream());
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(Usage {
                prompt_tokens: usage.prompt_tokens,
                completion_tokens: usage.completion_tokens,
                cached_tokens: usage
                    .prompt_tokens_details
                    .unwrap_or_default()
                    .cached_tokens,
            });
        }
        // One answer is asked for.
        let choice = chunk.choices.unwrap_or_default().into_iter().next();
        choice.map_or(Ok(Vec::new()), |choice| self.read_choice(choice))
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn end(self) -> Result<Option<Ending>, ModelError> {
        let Some(finish) = self.finish else {
            return Ok(None);
        };
        let calls: Result<Vec<ToolCall>, ModelError> =
            self.calls.into_iter().map(OpenCall::close).collect();
        let calls = calls?;
        let finish = match finish {
            FinishReason::Stop if !calls.is_empty() => FinishReason::ToolCalls,
            finish => finish,
        };
        Ok(Some(Ending {
            calls: calls.into_iter().map(GenerateEvent::ToolCall).collect(),
            usage: self.usage,
            finish,
        }))
    }
}

impl ChatAnswer {
    fn read_choice(&mut self, choice: Choice) -> Result<Vec<GenerateEvent>, ModelError> {
        if let Some(reason) = choice.finish_reason {
            self.finish = Some(finish(&reason));
        }
        let delta = choice.delta;
        for (place, piece) in delta.tool_calls.into_iter().flatten().enumerate() {
            self.read_call(place, piece);
        }
        let thought = delta.reasoning_content.map(GenerateEvent::ReasoningDelta);
        let said = [delta.content, delta.refusal].into_iter().flatten();
        let said = said.map(GenerateEvent::TextDelta);
        Ok(thought.into_iter().chain(said).filter(has_text).collect())
    }

    fn read_call(&mut self, place: usize, piece: CallPiece) {
        let index = piece.index.unwrap_or(place);
        let at = self.calls.iter().position(|call| call.index == index);
        let at = at.unwrap_or_else(|| {
            self.calls.push(OpenCall::new(index));
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        if let Some(id) = piece.id.filter(|id| !id.is_empty()) {
            call.id = Some(id);
        }
        if let Some(function) = piece.function {
            call.name.push_str(&function.name.unwrap_or_default());
            call.arguments
                .push_str(&function.arguments.unwrap_or_default());
        }
    }
}

impl OpenCall {
    fn new(index: usize) -> Self {
        Self {
            index,
            id: None,
            name: String::new(),
            arguments: String::new(),
        }
    }

    fn close(self) -> Result<ToolCall, ModelError> {
        if self.name.is_empty() {
            return Err(malformed("it calls a tool without a name"));
        }
        let arguments = match self.arguments.trim() {
            "" => Value::Object(serde_json::Map::new()),
            text => serde_json::from_str(text).map_err(malformed)?,
        };
        let fresh = || format!("call_{:016x}", rand::random::<u64>());
        Ok(ToolCall {
            id: self.id.unwrap_or_else(fresh),
            name: self.name,
            arguments,
        })
    }
}

fn has_text(event: &GenerateEvent) -> bool {
    match event {
        GenerateEvent::TextDelta(text) | GenerateEvent::ReasoningDelta(text) => !text.is_empty(),
        _ => true,
    }
}

fn finish(reason: &str) -> FinishReason {
    match reason {
        "length" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::Filtered,
        _ => FinishReason::Stop,
    }
}
