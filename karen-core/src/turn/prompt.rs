//! What a model is shown in a turn, fitted to its context.

use karen_infer::{
    Message as ModelMessage, ModelError, ModelErrorKind, ModelName, Models, ToolSpec,
};

use crate::conversation::{Message, Role};

/// The parts of a prompt, most dispensable first when room is short: the oldest of `history`,
/// then `recalled`. `instructions` and `message` always stay.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    pub(super) instructions: String,
    pub(super) recalled: String,
    pub(super) history: Vec<Message>,
    pub(super) message: String,
}

/// A prompt that fits, and whether what was recalled is still in it.
pub(super) struct Fitted {
    pub(super) messages: Vec<ModelMessage>,
    pub(super) has_recalled: bool,
}

impl Prompt {
    /// The messages as a chat template takes them.
    fn messages(&self) -> Vec<ModelMessage> {
        let system = if self.recalled.is_empty() {
            self.instructions.clone()
        } else {
            format!(
                "{}\n\nWhat you remember:\n{}",
                self.instructions, self.recalled
            )
        };
        let mut messages = vec![ModelMessage::system(system)];
        messages.extend(self.history.iter().map(|message| match message.role {
            Role::User => ModelMessage::user(&message.content),
            Role::Assistant => ModelMessage::assistant(&message.content),
        }));
        messages.push(ModelMessage::user(&self.message));
        messages
    }

    /// Leaves out what is dispensable until the rest and an answer fit `model`.
    ///
    /// # Errors
    /// `PromptTooLong`, with the counts, when instructions and message alone are too long: what
    /// the person said is never cut.
    pub(super) async fn fit(
        mut self,
        models: &Models,
        model: &ModelName,
        tools: &[ToolSpec],
        room: Room,
    ) -> Result<Fitted, ModelError> {
        loop {
            let messages = self.messages();
            let prompt_tokens = models.count_prompt(model, &messages, tools).await?;
            if prompt_tokens <= room.prompt_tokens() {
                return Ok(Fitted {
                    messages,
                    has_recalled: !self.recalled.is_empty(),
                });
            }
            if !self.history.is_empty() {
                // Half of it at once: each try costs a pass of the tokenizer.
                self.history.drain(..self.history.len().div_ceil(2));
            } else if !self.recalled.is_empty() {
                self.recalled.clear();
            } else {
                let kind = ModelErrorKind::PromptTooLong {
                    prompt_tokens,
                    context_tokens: room.context_tokens,
                };
                return Err(ModelError::new(kind, "fit", "the prompt"));
            }
        }
    }
}

/// How a model's context is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) context_tokens: u32,
    /// Kept free for the answer.
    pub(super) answer_tokens: u32,
}

impl Room {
    /// An answer gets what is asked for, but at most half of the context.
    pub(super) fn new(context_tokens: u32, answer_tokens: u32) -> Self {
        Self {
            context_tokens,
            answer_tokens: answer_tokens.min(context_tokens / 2),
        }
    }

    fn prompt_tokens(self) -> u32 {
        self.context_tokens - self.answer_tokens
    }

    /// What recalled lines may take: a quarter of the context, so that they crowd nothing out.
    pub(super) fn recalled_tokens(self, wanted: u32) -> u32 {
        wanted.min(self.context_tokens / 4)
    }
}
