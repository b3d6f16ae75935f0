//! A host's model as an adapter of Karen's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use karen_core::infer::{
    Capabilities, GenerateStream, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt,
};
use tokio::sync::Mutex;

use super::answer::Answer;
use super::{HostError, HostModel, HostRequest, Pieces, Reply};

/// A [`HostModel`] that is usable like any other model.
pub struct HostAdapter {
    model: Arc<dyn HostModel>,
    capabilities: Capabilities,
    is_loaded: AtomicBool,
    /// Loading and unloading take turns.
    turn: Mutex<()>,
}

impl HostAdapter {
    /// Wraps a model that can do what `capabilities` says.
    #[must_use]
    pub fn new(model: impl HostModel, capabilities: Capabilities) -> Self {
        Self {
            model: Arc::new(model),
            capabilities,
            is_loaded: AtomicBool::new(false),
            turn: Mutex::new(()),
        }
    }

    /// Calls the host where it may block, and waits for its answer.
    async fn ask<T: Send + 'static>(
        &self,
        operation: &'static str,
        call: impl FnOnce(&dyn HostModel, Reply<T>) + Send + 'static,
    ) -> Result<T, ModelError> {
        let (reply, mut answer) = Reply::pair();
        let model = Arc::clone(&self.model);
        tokio::task::spawn_blocking(move || call(&*model, reply));
        let failed = |error: HostError| {
            ModelError::new(ModelErrorKind::Load(error.message), operation, SUBJECT)
        };
        answer.receive().await.map_err(failed)
    }

    fn require(&self, can: bool, operation: &'static str, why: &str) -> Result<(), ModelError> {
        if can {
            return Ok(());
        }
        let kind = ModelErrorKind::Unsupported(why.to_owned());
        Err(ModelError::new(kind, operation, SUBJECT))
    }

    /// What the context leaves for the answer.
    fn room(&self, prompt_tokens: u32) -> Result<u32, ModelError> {
        let context_tokens = self.capabilities.context_tokens;
        if prompt_tokens < context_tokens {
            return Ok(context_tokens - prompt_tokens);
        }
        let kind = ModelErrorKind::PromptTooLong {
            prompt_tokens,
            context_tokens,
        };
        Err(ModelError::new(kind, "answer", "the prompt"))
    }
}

const SUBJECT: &str = "the program's model";

#[async_trait]
impl ModelAdapter for HostAdapter {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn load(&self) -> Result<(), ModelError> {
        let _turn = self.turn.lock().await;
        if self.is_loaded() {
            return Ok(());
        }
        self.ask("load", |model, reply| model.load(reply)).await?;
        self.is_loaded.store(true, Ordering::Release);
        Ok(())
    }

    async fn unload(&self) {
        let _turn = self.turn.lock().await;
        if !self.is_loaded.swap(false, Ordering::AcqRel) {
            return;
        }
        // A model that cannot be unloaded keeps its memory, and works on.
        let unloaded: Result<(), _> = self.ask("unload", |model, reply| model.unload(reply)).await;
        drop(unloaded);
    }

    fn is_loaded(&self) -> bool {
        self.is_loaded.load(Ordering::Acquire)
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        self.require(
            self.capabilities.generate,
            "chat with",
            "it embeds and writes nothing",
        )?;
        self.load().await?;
        let prompt_tokens = self.count(&job.prompt).await?;
        let room = self.room(prompt_tokens)?;
        let (pieces, receiver) = Pieces::channel();
        let answer = Answer::new(&job, prompt_tokens, room, receiver);
        let (model, request) = (Arc::clone(&self.model), HostRequest::of_job(&job));
        // The stream ends when the host drops its side of the pieces.
        tokio::task::spawn_blocking(move || model.generate(request, pieces));
        Ok(answer.stream())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let request = HostRequest::of_prompt(prompt);
        self.ask("count with", |model, reply| model.count(request, reply))
            .await
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.require(
            self.capabilities.embed,
            "embed with",
            "it writes and embeds nothing",
        )?;
        self.load().await?;
        let texts = texts.to_vec();
        let rows = self.ask("embed with", |model, reply| model.embed(texts, reply));
        Ok(rows.await?.into_iter().map(normalised).collect())
    }
}

/// A row of length 1; a row of zeros stays as it is.
fn normalised(mut row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|x| *x /= length);
    }
    row
}
