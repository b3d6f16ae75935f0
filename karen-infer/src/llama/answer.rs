//! One answer while it is given.

use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;

use super::task::Task;
use crate::sampler::Sampler;
use crate::text::{AnswerText, Parsed};
use crate::{FinishReason, GenerateEvent, ModelError, ModelErrorKind, Usage};

pub(super) struct Answer {
    task: Task,
    sampler: Sampler,
    text: AnswerText,
    /// The prompt, and what was written after it.
    tokens: Vec<LlamaToken>,
    /// Tokens of the prompt that were read before.
    cached: Option<usize>,
}

/// What follows a token.
pub(super) enum Next {
    /// Another one.
    Token,
    /// The end.
    End(FinishReason),
    /// Nothing: the caller is gone.
    Gone,
}

/// The caller is gone: there is nobody to answer.
struct Gone;

impl Answer {
    pub(super) fn new(mut task: Task) -> Self {
        Self {
            sampler: Sampler::new(task.sampling.clone()),
            text: AnswerText::new(&task.stop, std::mem::take(&mut task.tools)),
            tokens: task.prompt.clone(),
            task,
            cached: None,
        }
    }

    /// All that the model is to have read before the next token.
    pub(super) fn tokens(&self) -> &[LlamaToken] {
        &self.tokens
    }

    /// Begins it, with so many of its tokens read already, and gives its place in the queue to another.
    pub(super) fn begin(&mut self, read: usize) {
        self.task.place = None;
        self.cached.get_or_insert(read);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.task.cancel.is_cancelled()
    }

    /// Whether it may begin with what was read for another answer. Logits depend a little on how many
    /// tokens are read at once, and a seed is to give the same answer.
    pub(super) fn may_share(&self) -> bool {
        self.task.sampling.seed.is_none()
    }

    /// Writes the token that the logits after all tokens choose.
    ///
    /// # Errors
    /// `Internal` when the model gives no numbers.
    pub(super) fn write(
        &mut self,
        vocab: LlamaVocab<'_>,
        logits: &[f32],
    ) -> Result<Next, ModelError> {
        if self.written() == self.task.tokens_max {
            return Ok(Next::End(FinishReason::Length));
        }
        if logits.iter().any(|logit| logit.is_nan()) {
            let subject = "the model: it gives no numbers";
            return Err(ModelError::new(ModelErrorKind::Internal, "run", subject));
        }
        let (token, is_whole) = self.choose(logits)?;
        if vocab.is_eog(token) && !self.task.ignore_end {
            return Ok(Next::End(FinishReason::Stop));
        }
        self.tokens.push(token);
        let bytes = vocab.token_to_piece(token, self.task.ignore_end, None);
        let parsed = self.text.push(&bytes);
        if self.tell(token, parsed).is_err() {
            return Ok(Next::Gone);
        }
        Ok(if is_whole || self.text.is_stopped() {
            Next::End(FinishReason::Stop)
        } else if self.written() == self.task.tokens_max {
            Next::End(FinishReason::Length)
        } else {
            Next::Token
        })
    }

    /// The next token, and whether the answer is whole with it.
    fn choose(&mut self, logits: &[f32]) -> Result<(LlamaToken, bool), ModelError> {
        let (chosen, is_whole) = match &mut self.task.constraint {
            None => (self.sampler.choose(logits), false),
            Some(constraint) => {
                let mut allowed = logits.to_vec();
                constraint.mask(&mut allowed)?;
                let chosen = self.sampler.choose(&allowed);
                (chosen, constraint.accept(chosen)?)
            }
        };
        let token = i32::try_from(chosen).expect("a vocabulary fits i32");
        Ok((LlamaToken::new(token), is_whole))
    }

    /// Ends it. A caller that is gone needs no end.
    pub(super) fn finish(self, finish: FinishReason) {
        let usage = Usage {
            prompt_tokens: as_u32(self.task.prompt.len()),
            completion_tokens: self.written(),
            cached_tokens: as_u32(self.cached.unwrap_or_default()),
        };
        let (parsed, has_calls) = self.text.finish();
        let finish = match finish {
            FinishReason::Stop if has_calls => FinishReason::ToolCalls,
            finish => finish,
        };
        let _ = send_parsed(&self.task, parsed)
            .and_then(|()| send(&self.task, GenerateEvent::Usage(usage)))
            .and_then(|()| send(&self.task, GenerateEvent::Done(finish)));
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: ModelError) {
        // Nobody is told when the caller is gone.
        let _ = self.task.events.send(Err(error));
    }

    fn written(&self) -> u32 {
        as_u32(self.tokens.len() - self.task.prompt.len())
    }

    fn tell(&self, token: LlamaToken, parsed: Vec<Parsed>) -> Result<(), Gone> {
        if self.task.token_ids {
            send(&self.task, GenerateEvent::Token(token.0))?;
        }
        send_parsed(&self.task, parsed)
    }
}

fn as_u32(tokens: usize) -> u32 {
    u32::try_from(tokens).expect("a context is shorter than 2^31 tokens")
}

fn send_parsed(task: &Task, parsed: Vec<Parsed>) -> Result<(), Gone> {
    parsed.into_iter().try_for_each(|part| {
        let event = match part {
            Parsed::Text(text) => GenerateEvent::TextDelta(text),
            Parsed::Call(call) => GenerateEvent::ToolCall(call),
        };
        send(task, event)
    })
}

fn send(task: &Task, event: GenerateEvent) -> Result<(), Gone> {
    task.events.send(Ok(event)).map_err(|_| Gone)
}
