//! Writing one answer: from logits to tokens, and from tokens to what a caller is given.
//!
//! Whatever computes the logits, an answer is sampled, kept to its form, cut at its stop texts and told
//! to its caller here.

use tokio::sync::mpsc::UnboundedSender;

use crate::constraint::Constraint;
use crate::sampler::Sampler;
use crate::text::{AnswerText, Parsed};
use crate::{FinishReason, GenerateEvent, ModelError, ModelErrorKind, Sampling, Usage};

/// The way to a caller.
pub(crate) type Events = UnboundedSender<Result<GenerateEvent, ModelError>>;

/// How an answer is to be written.
pub(crate) struct Order {
    pub(crate) sampling: Sampling,
    pub(crate) stop: Vec<String>,
    /// The names of the tools that may be called.
    pub(crate) tools: Vec<String>,
    pub(crate) constraint: Option<Constraint>,
    pub(crate) prompt_tokens: u32,
    pub(crate) tokens_max: u32,
    pub(crate) token_ids: bool,
    /// Unbounded, as the context bounds an answer: a slow reader holds nobody else up.
    pub(crate) events: Events,
}

/// One answer while it is written.
pub(crate) struct Writer {
    sampler: Sampler,
    text: AnswerText,
    constraint: Option<Constraint>,
    usage: Usage,
    tokens_max: u32,
    token_ids: bool,
    events: Events,
}

/// A token that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) token: u32,
    /// Whether the answer is whole with it.
    pub(crate) is_last: bool,
}

/// What follows a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another one.
    Token,
    /// The end.
    End(FinishReason),
    /// Nothing: the caller is gone.
    Gone,
}

/// The caller is gone: there is nobody to answer.
struct Gone;

impl Writer {
    pub(crate) fn new(order: Order) -> Self {
        Self {
            sampler: Sampler::new(order.sampling),
            text: AnswerText::new(&order.stop, order.tools),
            constraint: order.constraint,
            usage: Usage {
                prompt_tokens: order.prompt_tokens,
                ..Usage::default()
            },
            tokens_max: order.tokens_max,
            token_ids: order.token_ids,
            events: order.events,
        }
    }

    /// So many tokens of the prompt were known.
    pub(crate) fn set_cached(&mut self, tokens: usize) {
        self.usage.cached_tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
    }

    /// Whether it has as many tokens as it may have.
    pub(crate) fn is_full(&self) -> bool {
        self.usage.completion_tokens == self.tokens_max
    }

    /// The next token. `logits` has one entry a token of the vocabulary and is not empty.
    ///
    /// # Errors
    /// `Internal` when the model gives no numbers, `Invalid` when its form cannot be kept to.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> Result<Chosen, ModelError> {
        if logits.iter().any(|logit| logit.is_nan()) {
            let subject = "the model: it gives no numbers";
            return Err(ModelError::new(ModelErrorKind::Internal, "run", subject));
        }
        let (chosen, is_last) = match &mut self.constraint {
            None => (self.sampler.choose(logits), false),
            Some(constraint) => {
                let mut allowed = logits.to_vec();
                constraint.mask(&mut allowed)?;
                let chosen = self.sampler.choose(&allowed);
                (chosen, constraint.accept(chosen)?)
            }
        };
        let token = u32::try_from(chosen).expect("a vocabulary fits u32");
        Ok(Chosen { token, is_last })
    }

    /// Tells the caller of a token and its bytes.
    pub(crate) fn write(&mut self, chosen: Chosen, bytes: &[u8]) -> Next {
        self.usage.completion_tokens += 1;
        let parsed = self.text.push(bytes);
        if self.tell(chosen.token, parsed).is_err() {
            Next::Gone
        } else if chosen.is_last || self.text.is_stopped() {
            Next::End(FinishReason::Stop)
        } else if self.is_full() {
            Next::End(FinishReason::Length)
        } else {
            Next::Token
        }
    }

    /// Ends the answer. A caller that is gone needs no end.
    pub(crate) fn finish(self, finish: FinishReason) {
        let (parsed, has_calls) = self.text.finish();
        let finish = match finish {
            FinishReason::Stop if has_calls => FinishReason::ToolCalls,
            finish => finish,
        };
        let _ = send_parsed(&self.events, parsed)
            .and_then(|()| send(&self.events, GenerateEvent::Usage(self.usage)))
            .and_then(|()| send(&self.events, GenerateEvent::Done(finish)));
    }

    /// Ends it with an error.
    pub(crate) fn fail(self, error: ModelError) {
        // Nobody is told when the caller is gone.
        let _ = self.events.send(Err(error));
    }

    fn tell(&self, token: u32, parsed: Vec<Parsed>) -> Result<(), Gone> {
        if self.token_ids {
            let token = i32::try_from(token).expect("a vocabulary fits i32");
            send(&self.events, GenerateEvent::Token(token))?;
        }
        send_parsed(&self.events, parsed)
    }
}

fn send_parsed(events: &Events, parsed: Vec<Parsed>) -> Result<(), Gone> {
    parsed.into_iter().try_for_each(|part| {
        let event = match part {
            Parsed::Text(text) => GenerateEvent::TextDelta(text),
            Parsed::Call(call) => GenerateEvent::ToolCall(call),
        };
        send(events, event)
    })
}

fn send(events: &Events, event: GenerateEvent) -> Result<(), Gone> {
    events.send(Ok(event)).map_err(|_| Gone)
}
