//! A GGUF file as a [`ModelAdapter`].

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::engine::{Engine, EngineOptions};
use super::task::Task;
use crate::adapter::GenerateStream;
use crate::loadable::Loadable;
use crate::prepare::{constraint, order, room};
use crate::writer::Writer;
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt};

/// A GGUF file, loaded at its first use.
pub(crate) struct LlamaAdapter {
    path: PathBuf,
    options: EngineOptions,
    engine: Loadable<Engine>,
}

impl LlamaAdapter {
    /// `path` holds a GGUF file that was checked; nothing is read yet.
    pub(crate) fn new(path: PathBuf, options: EngineOptions) -> Self {
        Self {
            path,
            options,
            engine: Loadable::default(),
        }
    }

    async fn engine(&self) -> Result<Arc<Engine>, ModelError> {
        let (path, options) = (self.path.clone(), self.options.clone());
        let load = move || {
            // Looked at again: the file may have changed since it was added.
            crate::registry::checked_header(&path)?;
            Engine::load(&path, &options)
        };
        self.engine.get(load).await
    }
}

#[async_trait]
impl ModelAdapter for LlamaAdapter {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            complete: true,
            tools: true,
            tool_choice: true,
            formats: true,
            grammars: true,
            exact_counts: true,
            context_tokens: self.options.context_tokens,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.engine().await.map(|_| ())
    }

    async fn unload(&self) {
        self.engine.unload().await;
    }

    fn is_loaded(&self) -> bool {
        self.engine.is_loaded()
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        let engine = self.engine().await?;
        let place = Some(engine.place()?);
        let prompt = engine.tokenize(&job.prompt)?;
        let room = room(prompt.len(), self.options.context_tokens)?;
        let forms = Arc::clone(&engine);
        let constraint = constraint(&job, move |form| forms.constraints()?.compile(form)).await?;
        let (events, stream) = mpsc::unbounded_channel();
        engine.submit(Task {
            writer: Writer::new(order(&job, prompt.len(), room, constraint, events)),
            is_seeded: job.sampling.seed.is_some(),
            ignore_end: job.ignore_end,
            priority: job.waiting.priority,
            gives_up_at: job.waiting.at_most.map(|wait| Instant::now() + wait),
            cancel: job.cancel,
            prompt,
            place,
        })?;
        Ok(UnboundedReceiverStream::new(stream).boxed())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let tokens = self.engine().await?.tokenize(prompt)?;
        Ok(u32::try_from(tokens.len()).unwrap_or(u32::MAX))
    }

    async fn embed(&self, _texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let why = "it writes text; ask karen-static for embeddings".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Unsupported(why),
            "embed with",
            "the model",
        ))
    }
}
