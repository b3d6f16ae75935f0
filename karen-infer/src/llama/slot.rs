//! One sequence of a context: reads prompts, writes answers, keeps what it has read.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::task::Task;
use crate::sampler::Sampler;
use crate::text::{AnswerText, Parsed};
use crate::{FinishReason, GenerateEvent, ModelError, ModelErrorKind, Usage};

/// Tokens of a prompt that are read in one step: cancelling waits for one step at most.
pub(super) const PREFILL_TOKENS: usize = 256;
const SEQUENCE: i32 = 0;

pub(super) struct Slot<'model> {
    model: &'model LlamaModel,
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    /// The tokens that the context's KV cache holds. A prompt that begins with them, as the next
    /// turn of a chat does, is only read from there on.
    cached: Vec<LlamaToken>,
}

/// The caller is gone: there is nobody to answer.
struct Gone;

impl<'model> Slot<'model> {
    pub(super) fn new(model: &'model LlamaModel, context: LlamaContext<'model>) -> Self {
        Self {
            model,
            context,
            batch: LlamaBatch::new(PREFILL_TOKENS, 1),
            cached: Vec::new(),
        }
    }

    /// Gives one answer, to its end.
    pub(super) fn answer(&mut self, task: Task) {
        if let Err(error) = self.try_answer(&task) {
            self.reset();
            // Nobody is told when the caller is gone.
            let _ = task.events.send(Err(error));
        }
    }

    fn try_answer(&mut self, task: &Task) -> Result<(), ModelError> {
        if !self.read(task)? {
            return self.conclude(task, 0, FinishReason::Cancelled, None);
        }
        let mut sampler = Sampler::new(task.sampling.clone());
        let mut text = AnswerText::new(&task.stop, task.tools.clone());
        let mut written = 0;
        let finish = loop {
            if task.cancel.is_cancelled() {
                break FinishReason::Cancelled;
            }
            if written == task.tokens_max {
                break FinishReason::Length;
            }
            let token = self.next_token(&mut sampler);
            if self.model.vocab().is_eog(token) && !task.ignore_end {
                break FinishReason::Stop;
            }
            written += 1;
            let bytes = self
                .model
                .vocab()
                .token_to_piece(token, task.ignore_end, None);
            let parsed = text.push(&bytes);
            if task.token_ids && send(task, GenerateEvent::Token(token.0)).is_err() {
                return Ok(());
            }
            if send_parsed(task, parsed).is_err() {
                return Ok(());
            }
            if text.is_stopped() {
                break FinishReason::Stop;
            }
            self.decode(&[token], true)?;
        };
        self.conclude(task, written, finish, Some(text))
    }

    /// Reads the prompt; `false` if it was cancelled meanwhile.
    fn read(&mut self, task: &Task) -> Result<bool, ModelError> {
        self.forget_after(reusable(&self.cached, task));
        let known = self.cached.len();
        let chunks = task.prompt[known..].chunks(PREFILL_TOKENS);
        let last = chunks.len() - 1;
        for (index, chunk) in chunks.enumerate() {
            if task.cancel.is_cancelled() {
                return Ok(false);
            }
            self.decode(chunk, index == last)?;
        }
        Ok(true)
    }

    /// Shortens what is cached to `length` tokens; models that cannot do so start anew.
    fn forget_after(&mut self, length: usize) {
        if length == self.cached.len() {
            return;
        }
        let position = u32::try_from(length).ok();
        match self.context.kv_cache_seq_rm(SEQUENCE, position, None) {
            Ok(()) => self.cached.truncate(length),
            Err(_) => self.reset(),
        }
    }

    fn reset(&mut self) {
        self.context.clear_kv_cache();
        self.cached.clear();
    }

    fn decode(&mut self, tokens: &[LlamaToken], want_logits: bool) -> Result<(), ModelError> {
        let failed = || ModelError::new(ModelErrorKind::Internal, "run", "the model");
        self.batch.clear();
        for (index, &token) in tokens.iter().enumerate() {
            let position =
                i32::try_from(self.cached.len() + index).map_err(|e| failed().caused_by(e))?;
            let logits = want_logits && index + 1 == tokens.len();
            self.batch
                .add(token, position, &[SEQUENCE], logits)
                .map_err(|e| failed().caused_by(e))?;
        }
        self.context
            .decode(&mut self.batch)
            .map_err(|e| failed().caused_by(e))?;
        self.cached.extend_from_slice(tokens);
        Ok(())
    }

    fn next_token(&self, sampler: &mut Sampler) -> LlamaToken {
        let logits = self.context.get_logits_ith(self.batch.n_tokens() - 1);
        let token = sampler.choose(logits);
        LlamaToken::new(i32::try_from(token).expect("a vocabulary fits i32"))
    }

    fn conclude(
        &self,
        task: &Task,
        written: u32,
        finish: FinishReason,
        text: Option<AnswerText>,
    ) -> Result<(), ModelError> {
        let (parsed, has_calls) = text.map(AnswerText::finish).unwrap_or_default();
        let finish = if has_calls && finish == FinishReason::Stop {
            FinishReason::ToolCalls
        } else {
            finish
        };
        let usage = Usage {
            prompt_tokens: u32::try_from(task.prompt.len()).unwrap_or(u32::MAX),
            completion_tokens: written,
        };
        // A caller that is gone needs no end.
        let _ = send_parsed(task, parsed)
            .and_then(|()| send(task, GenerateEvent::Usage(usage)))
            .and_then(|()| send(task, GenerateEvent::Done(finish)));
        Ok(())
    }
}

/// How many cached tokens a prompt may begin with. The last one is always read again: its logits
/// choose the first token of the answer. With a seed nothing is reused: logits depend a little on how
/// many tokens are read at once, and a seed promises the same answer.
fn reusable(cached: &[LlamaToken], task: &Task) -> usize {
    match task.sampling.seed {
        Some(_) => 0,
        None => common_prefix(cached, &task.prompt).min(task.prompt.len() - 1),
    }
}

fn common_prefix(a: &[LlamaToken], b: &[LlamaToken]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
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
