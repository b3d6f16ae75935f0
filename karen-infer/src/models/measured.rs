//! Answers as operators see them: how many wait, how soon the first token comes, how fast the rest.
//!
//! Recorded through the `metrics` facade: a program that installs no recorder pays next to nothing.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures::{Stream, StreamExt};
use metrics::{Gauge, Histogram, counter, gauge, histogram};
use tracing::Span;

use crate::{GenerateEvent, GenerateStream, ModelError, ModelName};

/// Answers by model and by where they came from: `model`, `cache` or `similar`.
const ANSWERS: &str = "karen_model_answers_total";
/// Answers that failed, by model.
const FAILURES: &str = "karen_model_failures_total";
/// Answers that were asked for and have not begun, by model.
const WAITING: &str = "karen_model_waiting";
/// Tokens by model and kind: `prompt`, `cached` (of the prompt, known before) and `completion`.
const TOKENS: &str = "karen_model_tokens_total";
/// Seconds to the first piece of an answer, by model.
const FIRST_TOKEN: &str = "karen_model_first_token_seconds";
/// Seconds between two pieces of an answer, by model.
const TOKEN_GAP: &str = "karen_model_token_gap_seconds";

/// An answer that was asked for and has not begun.
pub(super) struct Waiting {
    model: String,
    since: Instant,
    waiting: Gauge,
    span: Span,
}

/// An answer on its way, measured as it passes by.
pub(super) struct Measured {
    events: GenerateStream,
    waiting: Option<Waiting>,
    model: String,
    span: Span,
    /// When its last piece came.
    last: Option<Instant>,
    gaps: Histogram,
}

/// Counts an answer by where it came from.
pub(super) fn count_answer(model: &ModelName, from: &'static str) {
    counter!(ANSWERS, "model" => model.to_string(), "from" => from).increment(1);
}

/// Counts a model that failed.
pub(super) fn count_failure(model: &ModelName) {
    counter!(FAILURES, "model" => model.to_string()).increment(1);
}

impl Waiting {
    pub(super) fn begin(model: &ModelName) -> Self {
        let model = model.to_string();
        let waiting = gauge!(WAITING, "model" => model.clone());
        waiting.increment(1.0);
        Self {
            span: tracing::info_span!("answer", model),
            since: Instant::now(),
            model,
            waiting,
        }
    }

    /// The answer's events, measured from here on.
    pub(super) fn answered(self, events: GenerateStream) -> GenerateStream {
        let measured = Measured {
            events,
            model: self.model.clone(),
            span: self.span.clone(),
            last: None,
            gaps: histogram!(TOKEN_GAP, "model" => self.model.clone()),
            waiting: Some(self),
        };
        measured.boxed()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waiting.decrement(1.0);
    }
}

impl Measured {
    fn see(&mut self, event: &Result<GenerateEvent, ModelError>) {
        match event {
            Ok(GenerateEvent::TextDelta(_) | GenerateEvent::ReasoningDelta(_)) => self.piece(),
            Ok(GenerateEvent::ToolCall(_)) => self.begin(),
            Ok(GenerateEvent::Usage(usage)) => {
                let of = |kind| counter!(TOKENS, "model" => self.model.clone(), "kind" => kind);
                of("prompt").increment(usage.prompt_tokens.into());
                of("cached").increment(usage.cached_tokens.into());
                of("completion").increment(usage.completion_tokens.into());
            }
            Ok(_) => {}
            Err(_) => counter!(FAILURES, "model" => self.model.clone()).increment(1),
        }
    }

    fn piece(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            self.gaps.record(now - last);
        }
        self.begin();
    }

    /// The first piece ends the wait.
    fn begin(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            let took = waiting.since.elapsed();
            histogram!(FIRST_TOKEN, "model" => self.model.clone()).record(took);
            tracing::debug!(
                first_token_ms = took.as_secs_f64() * 1e3,
                "the answer begins"
            );
        }
    }
}

impl Stream for Measured {
    type Item = Result<GenerateEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let measured = &mut *self;
        let span = measured.span.clone();
        let _entered = span.enter();
        let event = measured.events.poll_next_unpin(context);
        if let Poll::Ready(Some(event)) = &event {
            measured.see(event);
        }
        event
    }
}
