//! One answer while it is given.

use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;

use super::task::Task;
use crate::writer::Next;
use crate::{FinishReason, ModelError};

pub(super) struct Answer {
    task: Task,
    /// The prompt, and what was written after it.
    tokens: Vec<LlamaToken>,
    /// Whether it was its turn before.
    has_begun: bool,
}

impl Answer {
    pub(super) fn new(mut task: Task) -> Self {
        Self {
            tokens: std::mem::take(&mut task.prompt),
            task,
            has_begun: false,
        }
    }

    /// All that the model is to have read before the next token.
    pub(super) fn tokens(&self) -> &[LlamaToken] {
        &self.tokens
    }

    /// Begins it, with so many of its tokens read already, and gives its place in the queue to another.
    pub(super) fn begin(&mut self, read: usize) {
        self.task.place = None;
        if !self.has_begun {
            self.task.writer.set_cached(read);
        }
        self.has_begun = true;
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.task.cancel.is_cancelled()
    }

    /// Whether it may begin with what was read for another answer. Logits depend a little on how many
    /// tokens are read at once, and a seed is to give the same answer.
    pub(super) fn may_share(&self) -> bool {
        !self.task.is_seeded
    }

    /// Writes the token that the logits after all tokens choose.
    ///
    /// # Errors
    /// As [`Writer::choose`](crate::writer::Writer::choose).
    pub(super) fn write(
        &mut self,
        vocab: LlamaVocab<'_>,
        logits: &[f32],
    ) -> Result<Next, ModelError> {
        if self.task.writer.is_full() {
            return Ok(Next::End(FinishReason::Length));
        }
        let chosen = self.task.writer.choose(logits)?;
        let token = LlamaToken::new(chosen.token.cast_signed());
        if vocab.is_eog(token) && !self.task.ignore_end {
            return Ok(Next::End(FinishReason::Stop));
        }
        self.tokens.push(token);
        let bytes = vocab.token_to_piece(token, self.task.ignore_end, None);
        Ok(self.task.writer.write(chosen, &bytes))
    }

    /// Ends it.
    pub(super) fn finish(self, finish: FinishReason) {
        self.task.writer.finish(finish);
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: ModelError) {
        self.task.writer.fail(error);
    }
}
