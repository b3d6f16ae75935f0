//! A GGUF file as a [`ModelAdapter`].

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::engine::{Engine, EngineOptions};
use super::task::Task;
use crate::adapter::GenerateStream;
use crate::prepare::{constraint, order, room};
use crate::writer::Writer;
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt};

/// A GGUF file, loaded at its first use.
pub(crate) struct LlamaAdapter {
    path: PathBuf,
    options: EngineOptions,
    engine: Mutex<Option<Arc<Engine>>>,
}

impl LlamaAdapter {
    /// `path` holds a GGUF file that was checked; nothing is read yet.
    pub(crate) fn new(path: PathBuf, options: EngineOptions) -> Self {
        Self {
            path,
            options,
            engine: Mutex::default(),
        }
    }

    /// The engine, loaded now if it is not. Who comes meanwhile waits for the same one.
    async fn engine(&self) -> Result<Arc<Engine>, ModelError> {
        let mut engine = self.engine.lock().await;
        if let Some(engine) = &*engine {
            return Ok(Arc::clone(engine));
        }
        let (path, options) = (self.path.clone(), self.options.clone());
        let load = tokio::task::spawn_blocking(move || {
            // Looked at again: the file may have changed since it was added.
            crate::registry::checked_header(&path)?;
            Engine::load(&path, &options)
        });
        let failed =
            |e| ModelError::new(ModelErrorKind::Internal, "load", "the model").caused_by(e);
        let loaded = Arc::new(load.await.map_err(failed)??);
        *engine = Some(Arc::clone(&loaded));
        Ok(loaded)
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
        self.engine.lock().await.take();
    }

    fn is_loaded(&self) -> bool {
        self.engine.try_lock().is_ok_and(|engine| engine.is_some())
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
