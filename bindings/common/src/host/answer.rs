//! From the pieces of a host to the events of an answer.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::unfold;
use karen_core::infer::{
    FinishReason, GenerateEvent, GenerateStream, Job, ModelError, ModelErrorKind, Usage,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::stop::StopFilter;
use super::{HostError, Piece};

/// An answer on its way: counts tokens, keeps to the limit, and ends as it must.
pub(super) struct Answer {
    pieces: mpsc::Receiver<Result<Piece, HostError>>,
    stop: StopFilter,
    cancel: CancellationToken,
    max_tokens: u32,
    usage: Usage,
    /// The host told the usage itself.
    is_told: bool,
    wants_calls: bool,
    events: VecDeque<Result<GenerateEvent, ModelError>>,
    is_over: bool,
}

impl Answer {
    pub(super) fn new(
        job: &Job,
        prompt_tokens: u32,
        room: u32,
        pieces: mpsc::Receiver<Result<Piece, HostError>>,
    ) -> Self {
        Self {
            pieces,
            stop: StopFilter::new(&job.stop),
            cancel: job.cancel.clone(),
            max_tokens: job.max_tokens.unwrap_or(room).min(room),
            usage: Usage {
                prompt_tokens,
                completion_tokens: 0,
                cached_tokens: 0,
            },
            is_told: false,
            wants_calls: false,
            events: VecDeque::new(),
            is_over: false,
        }
    }

    pub(super) fn stream(self) -> GenerateStream {
        unfold(self, |mut answer| async move {
            while answer.events.is_empty() && !answer.is_over {
                answer.step().await;
            }
            let event = answer.events.pop_front()?;
            Some((event, answer))
        })
        .boxed()
    }

    async fn step(&mut self) {
        let piece = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return self.end(FinishReason::Cancelled),
            piece = self.pieces.recv() => piece,
        };
        match piece {
            Some(Ok(Piece::Text(text))) => self.text(&text),
            Some(Ok(Piece::Thought(text))) => self.think(text),
            Some(Ok(Piece::ToolCall(call))) => {
                self.wants_calls = true;
                self.events.push_back(Ok(GenerateEvent::ToolCall(call)));
            }
            Some(Ok(Piece::Usage(usage))) => {
                self.is_told = true;
                self.usage = usage;
            }
            Some(Err(error)) => self.fail(error),
            None if self.wants_calls => self.end(FinishReason::ToolCalls),
            None => self.end(FinishReason::Stop),
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.count();
        let passed = self.stop.push(text);
        self.say(passed);
        if self.stop.is_stopped() {
            self.end(FinishReason::Stop);
        } else {
            self.keep_to_the_limit();
        }
    }

    fn think(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        self.count();
        self.events
            .push_back(Ok(GenerateEvent::ReasoningDelta(text)));
        self.keep_to_the_limit();
    }

    fn count(&mut self) {
        if !self.is_told {
            self.usage.completion_tokens += 1;
        }
    }

    fn keep_to_the_limit(&mut self) {
        if self.usage.completion_tokens >= self.max_tokens {
            self.end(FinishReason::Length);
        }
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.events.push_back(Ok(GenerateEvent::TextDelta(text)));
        }
    }

    fn end(&mut self, reason: FinishReason) {
        let rest = self.stop.finish();
        self.say(rest);
        self.events.push_back(Ok(GenerateEvent::Usage(self.usage)));
        self.events.push_back(Ok(GenerateEvent::Done(reason)));
        self.close();
    }

    fn fail(&mut self, error: HostError) {
        let kind = ModelErrorKind::Load(error.message);
        let error = ModelError::new(kind, "answer with", "the program's model");
        self.events.push_back(Err(error));
        self.close();
    }

    /// From here on the host is told that no more pieces are wanted.
    fn close(&mut self) {
        self.is_over = true;
        self.pieces.close();
    }
}
