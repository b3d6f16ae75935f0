//! Asking models.

use tokio_util::sync::CancellationToken;

use super::Models;
use super::attempt::Question;
use super::shared::missing;
use crate::{
    AnswerFormat, CompletionRequest, GenerateRequest, Generation, Job, Message, ModelError,
    ModelName, Prompt, ToolChoice, ToolSpec,
};

impl Models {
    /// Answers a chat.
    ///
    /// # Errors
    /// `Missing`, `Load`, `PromptTooLong`, `Busy`, `Unsupported`, `Invalid`; of a provider also
    /// `Denied`, `Quota`, `RateLimited`, `Unavailable`, `Timeout`, `Malformed`. A route answers with
    /// the error of its last model.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Generation, ModelError> {
        let job = Job {
            prompt: Prompt::Chat {
                messages: request.messages,
                tools: request.tools,
            },
            tool_choice: request.tool_choice,
            format: request.format,
            sampling: request.sampling,
            stop: request.stop,
            max_tokens: request.max_tokens,
            ignore_end: false,
            token_ids: false,
            waiting: request.waiting,
            cancel: CancellationToken::new(),
        };
        let question = Question {
            asked: request.model,
            caller: request.caller,
            fresh: request.fresh,
            job,
        };
        self.answer(question).await
    }

    /// Continues a text.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn complete(&self, request: CompletionRequest) -> Result<Generation, ModelError> {
        let job = Job {
            prompt: Prompt::Text(request.prompt),
            tool_choice: ToolChoice::Auto,
            format: AnswerFormat::Text,
            sampling: request.sampling,
            stop: request.stop,
            max_tokens: request.max_tokens,
            ignore_end: request.ignore_end,
            token_ids: request.token_ids,
            waiting: request.waiting,
            cancel: CancellationToken::new(),
        };
        let question = Question {
            asked: request.model,
            caller: request.caller,
            fresh: true,
            job,
        };
        self.answer(question).await
    }

    /// Tokens of a chat, as the model counts them, or as near as can be told without asking its
    /// provider: [`Capabilities::exact_counts`](crate::Capabilities::exact_counts). A route counts
    /// as the first of its models does.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count_prompt(
        &self,
        name: &ModelName,
        messages: &[Message],
        tools: &[ToolSpec],
    ) -> Result<u32, ModelError> {
        let prompt = Prompt::Chat {
            messages: messages.to_vec(),
            tools: tools.to_vec(),
        };
        self.count(name, &prompt).await
    }

    /// Tokens of a prompt, as [`count_prompt`](Models::count_prompt) counts.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count(&self, name: &ModelName, prompt: &Prompt) -> Result<u32, ModelError> {
        self.adapter(&self.first(name)?)?.count(prompt).await
    }

    /// Tokens of a text, as [`count_prompt`](Models::count_prompt) counts.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count_text(&self, name: &ModelName, text: &str) -> Result<u32, ModelError> {
        self.count(name, &Prompt::Text(text.to_owned())).await
    }

    /// Embeds each text with a model; row `i` of the result belongs to `texts[i]`, L2-normalised.
    /// A route embeds with the first of its models and no other: vectors of different models cannot
    /// be compared.
    ///
    /// # Errors
    /// `Missing`, `Unsupported`, and of a provider those of [`generate`](Models::generate).
    pub async fn embed(
        &self,
        name: &ModelName,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.adapter(&self.first(name)?)?.embed(texts).await
    }

    /// Scores each document by how well it answers the query, from 0 to 1; score `i` belongs to
    /// `documents[i]`. A route reranks with the first of its models and no other: scores of different
    /// models cannot be compared.
    ///
    /// # Errors
    /// `Missing`, `Load`, `Unsupported`; `PromptTooLong` when query and document together are.
    pub async fn rerank(
        &self,
        name: &ModelName,
        query: &str,
        documents: &[String],
    ) -> Result<Vec<f32>, ModelError> {
        let adapter = self.adapter(&self.first(name)?)?;
        adapter.rerank(query, documents).await
    }

    /// The model itself, or the first one listed behind a route.
    pub(super) fn first(&self, name: &ModelName) -> Result<ModelName, ModelError> {
        let reachable = self.shared.lock().reachable(name);
        let first = reachable.into_iter().next();
        first.ok_or_else(|| missing(name.as_str()))
    }
}
