//! A response, in events or whole.

use serde::Deserialize;
use serde_json::Value;

use crate::remote::failure::Complaint;
use crate::remote::wire::{AnswerReader, Ending, malformed};
use crate::text::StopFilter;
use crate::{FinishReason, GenerateEvent, ModelError, ToolCall, Usage};

/// Puts the events of a response together. Texts that stop it are looked for here, as the API has no word
/// for them.
#[derive(Default)]
pub(in crate::remote) struct ResponseAnswer {
    stop: Option<StopFilter>,
    calls: Vec<ToolCall>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

/// One event of a stream, or the whole response.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: Option<String>,
    delta: Option<Value>,
    item: Option<Item>,
    response: Option<Response>,
    /// A failure in the middle of a stream has its fields beside its type.
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Response {
    status: Option<String>,
    #[serde(default)]
    output: Vec<Item>,
    usage: Option<UsageBody>,
    incomplete_details: Option<Incomplete>,
    error: Option<Complaint>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct UsageBody {
    input_tokens: u32,
    #[serde(default)]
    output_tokens: u32,
    input_tokens_details: Option<InputTokensDetails>,
}

#[derive(Default, Deserialize)]
struct InputTokensDetails {
    #[serde(default)]
    cached_tokens: u32,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    Message {
        #[serde(default)]
        content: Vec<Part>,
    },
    FunctionCall {
        call_id: String,
        name: String,
        #[serde(default)]
        arguments: String,
    },
    Reasoning {
        #[serde(default)]
        summary: Vec<Part>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    OutputText {
        text: String,
    },
    Refusal {
        refusal: String,
    },
    SummaryText {
        text: String,
    },
    #[serde(other)]
    Other,
}

impl ResponseAnswer {
    pub(super) fn new(stop: &[String]) -> Self {
        Self {
            stop: (!stop.is_empty()).then(|| StopFilter::new(stop)),
            ..Self::default()
        }
    }

    /// What is certain to be no part of a text that stops it.
    fn say(&mut self, text: &str) -> Vec<GenerateEvent> {
        let text = match &mut self.stop {
            Some(stop) => stop.push(text),
            None => text.to_owned(),
        };
        if self.stop.as_ref().is_some_and(StopFilter::is_stopped) {
            self.finish = Some(FinishReason::Stop);
            self.calls.clear();
        }
        said(GenerateEvent::TextDelta, text)
    }

    fn item(&mut self, item: Item) -> Result<(), ModelError> {
        if let Item::FunctionCall {
            call_id,
            name,
            arguments,
        } = item
        {
            let arguments = match arguments.trim() {
                "" => Value::Object(serde_json::Map::new()),
                text => serde_json::from_str(text).map_err(malformed)?,
            };
            self.calls.push(ToolCall {
                id: call_id,
                name,
                arguments,
            });
        }
        Ok(())
    }

    fn conclude(&mut self, response: Response) -> Result<(), ModelError> {
        if let Some(complaint) = response.error {
            return Err(complaint.in_stream());
        }
        self.usage = response.usage.map(|usage| Usage {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            cached_tokens: usage.input_tokens_details.unwrap_or_default().cached_tokens,
        });
        let reason = response.incomplete_details.and_then(|d| d.reason);
        self.finish = Some(match (response.status.as_deref(), reason.as_deref()) {
            (Some("incomplete"), Some("content_filter")) => FinishReason::Filtered,
            (Some("incomplete"), _) => FinishReason::Length,
            (Some("failed"), _) => return Err(malformed("it failed and does not say why")),
            _ if self.calls.is_empty() => FinishReason::Stop,
            _ => FinishReason::ToolCalls,
        });
        Ok(())
    }

    /// A response that came whole.
    fn whole(&mut self, mut response: Response) -> Result<Vec<GenerateEvent>, ModelError> {
        let mut events = Vec::new();
        for item in std::mem::take(&mut response.output) {
            match item {
                Item::Message { content } => {
                    for text in content.into_iter().filter_map(Part::text) {
                        events.extend(self.say(&text));
                    }
                }
                Item::Reasoning { summary } => {
                    let thoughts = summary.into_iter().filter_map(Part::text);
                    events.extend(thoughts.flat_map(|t| said(GenerateEvent::ReasoningDelta, t)));
                }
                item => self.item(item)?,
            }
        }
        if self.finish.is_none() {
            self.conclude(response)?;
        }
        Ok(events)
    }
}

impl AnswerReader for ResponseAnswer {
    fn read(&mut self, piece: &str) -> Result<Vec<GenerateEvent>, ModelError> {
        let event: Event = serde_json::from_str(piece).map_err(malformed)?;
        let Some(kind) = event.kind else {
            let response = serde_json::from_str(piece).map_err(malformed)?;
            return self.whole(response);
        };
        let delta = match event.delta {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        match kind.as_str() {
            "response.output_text.delta" | "response.refusal.delta" => return Ok(self.say(&delta)),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                return Ok(said(GenerateEvent::ReasoningDelta, delta));
            }
            "response.output_item.done" => {
                if let Some(item) = event.item {
                    self.item(item)?;
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let missing = || malformed("it ends without a response");
                self.conclude(event.response.ok_or_else(missing)?)?;
            }
            "error" => {
                let complaint = Value::Object(event.rest);
                let complaint: Complaint = serde_json::from_value(complaint).map_err(malformed)?;
                return Err(complaint.in_stream());
            }
            // There are some fifty more, which repeat what these say.
            _ => {}
        }
        Ok(Vec::new())
    }

    fn is_over(&self) -> bool {
        self.finish.is_some()
    }

    fn end(self) -> Result<Option<Ending>, ModelError> {
        let Some(finish) = self.finish else {
            return Ok(None);
        };
        let held = self.stop.map(|stop| match stop.is_stopped() {
            true => String::new(),
            false => stop.finish(),
        });
        let held = said(GenerateEvent::TextDelta, held.unwrap_or_default());
        let calls = self.calls.into_iter().map(GenerateEvent::ToolCall);
        Ok(Some(Ending {
            calls: held.into_iter().chain(calls).collect(),
            usage: self.usage,
            finish,
        }))
    }
}

impl Part {
    fn text(self) -> Option<String> {
        match self {
            Self::OutputText { text } | Self::SummaryText { text } => Some(text),
            Self::Refusal { refusal } => Some(refusal),
            Self::Other => None,
        }
    }
}

/// An event of a text, unless it is empty.
fn said(event: fn(String) -> GenerateEvent, text: String) -> Vec<GenerateEvent> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![event(text)]
}
