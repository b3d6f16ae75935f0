//! An encoder as a [`ModelAdapter`].

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::model::Model;
use crate::adapter::GenerateStream;
use crate::loadable::{Loadable, blocking};
use crate::registry::{FileModel, Task, checked_folder};
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt};

/// An encoder, loaded at its first use.
pub(crate) struct EncoderAdapter {
    path: PathBuf,
    task: Task,
    context_tokens: u32,
    threads: usize,
    model: Loadable<Model>,
    /// One call computes at a time: two would only fight for the same cores.
    turn: Mutex<()>,
}

impl EncoderAdapter {
    /// `file` is a folder that was checked; nothing is read yet.
    pub(crate) fn new(file: &FileModel, threads: usize) -> Self {
        Self {
            path: file.path.clone(),
            task: file.task,
            context_tokens: file.context_tokens,
            threads,
            model: Loadable::default(),
            turn: Mutex::default(),
        }
    }

    async fn model(&self) -> Result<Arc<Model>, ModelError> {
        let (path, threads) = (self.path.clone(), self.threads);
        // Looked at again: the folder may have changed since it was added.
        let load = move || Model::load(&checked_folder(&path)?, threads);
        self.model.get(load).await
    }

    /// Computes on a thread of its own; who stops waiting stops it at its next batch.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Model, &CancellationToken) -> Result<T, ModelError> + Send + 'static,
    ) -> Result<T, ModelError> {
        let model = self.model().await?;
        let _turn = self.turn.lock().await;
        let cancel = CancellationToken::new();
        let _guard = cancel.clone().drop_guard();
        blocking("ask", move || work(&model, &cancel)).await
    }

    /// `Unsupported` unless the model is for `task`.
    fn require(&self, task: Task) -> Result<(), ModelError> {
        if self.task == task {
            return Ok(());
        }
        Err(self.unsupported())
    }

    fn unsupported(&self) -> ModelError {
        let why = match self.task {
            Task::Rerank => "it scores documents for a query, and does nothing else",
            Task::Embed | Task::Generate => "it embeds texts, and does nothing else",
        };
        let kind = ModelErrorKind::Unsupported(why.to_owned());
        ModelError::new(kind, "ask", "the model")
    }
}

#[async_trait]
impl ModelAdapter for EncoderAdapter {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            embed: self.task == Task::Embed,
            rerank: self.task == Task::Rerank,
            exact_counts: true,
            context_tokens: self.context_tokens,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.model().await.map(|_| ())
    }

    async fn unload(&self) {
        self.model.unload().await;
    }

    fn is_loaded(&self) -> bool {
        self.model.is_loaded()
    }

    async fn generate(&self, _job: Job) -> Result<GenerateStream, ModelError> {
        Err(self.unsupported())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let Prompt::Text(text) = prompt else {
            return Err(self.unsupported());
        };
        let (model, text) = (self.model().await?, text.clone());
        blocking("count for", move || model.count(&text)).await
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.require(Task::Embed)?;
        let texts = texts.to_vec();
        self.compute(move |model, cancel| model.embed(&texts, cancel))
            .await
    }

    async fn rerank(&self, query: &str, documents: &[String]) -> Result<Vec<f32>, ModelError> {
        self.require(Task::Rerank)?;
        let (query, documents) = (query.to_owned(), documents.to_vec());
        self.compute(move |model, cancel| model.rerank(&query, &documents, cancel))
            .await
    }
}
