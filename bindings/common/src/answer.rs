//! An answer without a conversation, as a host listens to it.

use futures::{Stream, StreamExt};
use karen_core::infer::{
    AnswerFormat, FinishReason, GenerateEvent, GenerateRequest, Generation, Message, ModelError,
    ModelName, Sampling, Served, ToolChoice, ToolSpec,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{Failure, Merge, Pump};

/// How an answer is to be given. A host passes what was said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerOptions {
    /// The model; the default one if not said.
    pub model: Option<String>,
    /// What the model may call; calls are given, not made.
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
}

impl AnswerOptions {
    pub(crate) fn model_name(&self) -> Result<Option<ModelName>, Failure> {
        let name = self.model.as_deref().map(ModelName::parse).transpose();
        Ok(name.map_err(karen_core::Error::from)?)
    }

    pub(crate) fn request(self, messages: Vec<Message>) -> Result<GenerateRequest, Failure> {
        Ok(GenerateRequest {
            model: self.model_name()?,
            messages,
            tools: self.tools,
            tool_choice: self.tool_choice,
            format: self.format,
            sampling: self.sampling,
            stop: self.stop,
            max_tokens: self.max_tokens,
            ..GenerateRequest::default()
        })
    }
}

/// A piece of an answer; `Done` is the last.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnswerEvent {
    /// Text, never empty.
    Delta {
        /// The text.
        text: String,
    },
    /// What the model thinks before it answers, never empty.
    ReasoningDelta {
        /// The thought.
        text: String,
    },
    /// A tool that the model wants called.
    ToolCall {
        /// Unique in the answer.
        id: String,
        /// The tool.
        name: String,
        /// What to call it with.
        arguments: Value,
    },
    /// Tokens that it took.
    Usage {
        /// Read.
        prompt_tokens: u32,
        /// Written.
        completion_tokens: u32,
    },
    /// The end.
    Done {
        /// `stop`, `length`, `tool_calls` or `cancelled`.
        finish: &'static str,
    },
}

impl AnswerEvent {
    fn of(event: GenerateEvent) -> Option<Self> {
        match event {
            GenerateEvent::TextDelta(text) => Some(Self::Delta { text }),
            GenerateEvent::ReasoningDelta(text) => Some(Self::ReasoningDelta { text }),
            GenerateEvent::ToolCall(call) => Some(Self::ToolCall {
                id: call.id,
                name: call.name,
                arguments: call.arguments,
            }),
            GenerateEvent::Usage(usage) => Some(Self::Usage {
                prompt_tokens: usage.prompt_tokens,
                completion_tokens: usage.completion_tokens,
            }),
            GenerateEvent::Done(reason) => Some(Self::Done {
                finish: finish(reason),
            }),
            // Token ids are not asked for.
            _ => None,
        }
    }
}

impl Merge for AnswerEvent {
    fn merge(&mut self, next: Self) -> Result<(), Self> {
        match (self, next) {
            (Self::Delta { text }, Self::Delta { text: more })
            | (Self::ReasoningDelta { text }, Self::ReasoningDelta { text: more }) => {
                text.push_str(&more);
                Ok(())
            }
            (_, next) => Err(next),
        }
    }
}

/// An answer that is listened to. Dropping it ends it.
pub struct Answering {
    served: Served,
    cancel: CancellationToken,
    pump: Pump<AnswerEvent>,
}

impl Answering {
    pub(crate) fn of_session(answer: karen_core::Answering) -> Self {
        let served = answer.served().clone();
        Self::new(served, answer, karen_core::Answering::cancel)
    }

    pub(crate) fn of_models(answer: Generation) -> Self {
        let served = answer.served().clone();
        Self::new(served, answer, Generation::cancel)
    }

    fn new<S, E>(served: Served, answer: S, end: fn(&S)) -> Self
    where
        S: Stream<Item = Result<GenerateEvent, E>> + Send + Unpin + 'static,
        E: Into<karen_core::Error> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let events = until_cancelled(answer, cancel.clone(), end);
        let told = events.filter_map(|event| async {
            let event = event.map(AnswerEvent::of).transpose()?;
            Some(event.map_err(|error| error.into().into()))
        });
        Self {
            served,
            cancel,
            pump: Pump::new(told),
        }
    }

    /// The model that answers.
    #[must_use]
    pub fn model(&self) -> &str {
        self.served.answered.as_str()
    }

    /// Which model answers, and why that one.
    #[must_use]
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// Ends the answer; its last events still come.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// The next events, none after `Done`.
    ///
    /// # Errors
    /// What the model reports.
    pub async fn next(&self) -> Result<Vec<AnswerEvent>, Failure> {
        self.pump.next().await
    }
}

/// The stream, which `end` is called on when somebody cancels.
fn until_cancelled<S>(
    stream: S,
    cancel: CancellationToken,
    end: fn(&S),
) -> impl Stream<Item = S::Item> + Send
where
    S: Stream + Send + Unpin + 'static,
    S::Item: Send,
{
    futures::stream::unfold(
        (stream, cancel, false),
        move |(mut stream, cancel, mut ended)| async move {
            let event = loop {
                tokio::select! {
                    event = stream.next() => break event,
                    () = cancel.cancelled(), if !ended => {
                        ended = true;
                        end(&stream);
                    }
                }
            };
            event.map(|event| (event, (stream, cancel, ended)))
        },
    )
}

fn finish(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Cancelled => "cancelled",
        _ => "stop",
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        karen_core::Error::from(error).into()
    }
}
