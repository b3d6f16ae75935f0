//! A provider's answer as a stream of events.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::estimate;
use super::sse::SseParser;
use super::wire::{AnswerReader, malformed};
use crate::{FinishReason, GenerateEvent, GenerateStream, ModelError, ModelErrorKind, Usage};

/// Bytes of an answer at most, where it does not come as events.
const WHOLE_BYTES_MAX: usize = 64 << 20;

/// Reads a response as it comes. Dropping it closes the connection, which stops the provider.
pub(super) struct Answering<R> {
    response: Response,
    framing: Framing,
    /// `None` once the answer is over.
    reader: Option<R>,
    ready: VecDeque<Result<GenerateEvent, ModelError>>,
    silence: Duration,
    cancel: CancellationToken,
    /// Estimated; used where the provider counts nothing.
    prompt_tokens: u32,
    written_bytes: usize,
}

/// How the response carries the answer.
enum Framing {
    Events(SseParser),
    Whole(Vec<u8>),
}

/// An answer that was cancelled before anything was asked.
pub(super) fn cancelled() -> GenerateStream {
    let events = [
        Ok(GenerateEvent::Usage(Usage::default())),
        Ok(GenerateEvent::Done(FinishReason::Cancelled)),
    ];
    stream::iter(events).boxed()
}

impl<R: AnswerReader> Answering<R> {
    pub(super) fn new(
        response: Response,
        reader: R,
        prompt_tokens: u32,
        silence: Duration,
        cancel: CancellationToken,
    ) -> Self {
        let kind = response.headers().get(CONTENT_TYPE);
        let is_whole = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let framing = if is_whole {
            Framing::Whole(Vec::new())
        } else {
            Framing::Events(SseParser::default())
        };
        Self {
            response,
            framing,
            reader: Some(reader),
            ready: VecDeque::new(),
            silence,
            cancel,
            prompt_tokens,
            written_bytes: 0,
        }
    }

    pub(super) fn events(self) -> GenerateStream {
        stream::unfold(self, |mut answering| async move {
            let event = answering.next().await?;
            Some((event, answering))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<GenerateEvent, ModelError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.reader.as_ref()?;
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => self.conclude(None, FinishReason::Cancelled),
                chunk = timeout(self.silence, self.response.chunk()) => {
                    if let Err(error) = self.take(chunk) {
                        self.reader = None;
                        self.ready.push_back(Err(error));
                    }
                }
            }
        }
    }

    fn take(
        &mut self,
        chunk: Result<Result<Option<Bytes>, reqwest::Error>, Elapsed>,
    ) -> Result<(), ModelError> {
        let chunk = chunk.map_err(|_| self.failed(ModelErrorKind::Timeout))?;
        match chunk.map_err(|e| self.cut_off().caused_by(e.without_url()))? {
            Some(bytes) => self.read(&bytes),
            None => self.end(),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let pieces = match &mut self.framing {
            Framing::Events(parser) => parser.push(bytes).map_err(malformed)?,
            Framing::Whole(body) if body.len() + bytes.len() > WHOLE_BYTES_MAX => {
                return Err(malformed("it is longer than any answer may be"));
            }
            Framing::Whole(body) => {
                body.extend_from_slice(bytes);
                Vec::new()
            }
        };
        for piece in pieces {
            self.read_piece(&piece)?;
            if self.reader.as_ref().is_some_and(AnswerReader::is_over) {
                return self.end();
            }
        }
        Ok(())
    }

    fn read_piece(&mut self, piece: &str) -> Result<(), ModelError> {
        let Some(reader) = &mut self.reader else {
            return Ok(());
        };
        for event in reader.read(piece)? {
            self.give(event);
        }
        Ok(())
    }

    fn give(&mut self, event: GenerateEvent) {
        self.written_bytes += match &event {
            GenerateEvent::TextDelta(text) | GenerateEvent::ReasoningDelta(text) => text.len(),
            GenerateEvent::ToolCall(call) => call.name.len() + call.arguments.to_string().len(),
            _ => 0,
        };
        self.ready.push_back(Ok(event));
    }

    fn end(&mut self) -> Result<(), ModelError> {
        if let Framing::Whole(body) = &mut self.framing {
            let body = String::from_utf8(std::mem::take(body)).map_err(malformed)?;
            self.read_piece(&body)?;
        }
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        let ending = reader.end()?.ok_or_else(|| self.cut_off())?;
        for call in ending.calls {
            self.give(call);
        }
        self.conclude(ending.usage, ending.finish);
        Ok(())
    }

    fn conclude(&mut self, usage: Option<Usage>, finish: FinishReason) {
        self.reader = None;
        let usage = usage.unwrap_or_else(|| Usage {
            prompt_tokens: self.prompt_tokens,
            completion_tokens: estimate::answer(self.written_bytes),
            cached_tokens: 0,
        });
        self.ready.push_back(Ok(GenerateEvent::Usage(usage)));
        self.ready.push_back(Ok(GenerateEvent::Done(finish)));
    }

    fn cut_off(&self) -> ModelError {
        self.failed(ModelErrorKind::Unavailable)
    }

    /// Whoever has a part of the answer must know that it is only a part.
    fn failed(&self, before_it_began: ModelErrorKind) -> ModelError {
        let kind = if self.written_bytes == 0 {
            before_it_began
        } else {
            ModelErrorKind::Interrupted
        };
        ModelError::new(kind, "read", "the provider's answer")
    }
}
