//! A model that writes text, from a folder as Hugging Face has it: one answer at a time.

mod model;
mod network;
mod pieces;
mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;

use self::model::Model;
use self::session::Task;
use crate::adapter::GenerateStream;
use crate::loadable::Loadable;
use crate::prepare::{constraint, order, room};
use crate::registry::checked_folder;
use crate::writer::Writer;
use crate::{Capabilities, FinishReason, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt};

/// Answers that wait at most; beyond that callers are told that the model is busy.
const QUEUE_MAX: usize = 64;

/// A decoder, loaded at its first use.
pub(crate) struct DecoderAdapter {
    path: PathBuf,
    context_tokens: u32,
    threads: usize,
    model: Loadable<Model>,
    queue: Arc<Semaphore>,
    /// One answer computes at a time, in the order of asking.
    turn: Arc<Mutex<()>>,
}

impl DecoderAdapter {
    /// `path` is a folder that was checked; nothing is read yet.
    pub(crate) fn new(path: PathBuf, context_tokens: u32, threads: usize) -> Self {
        Self {
            path,
            context_tokens,
            threads,
            model: Loadable::default(),
            queue: Arc::new(Semaphore::new(QUEUE_MAX)),
            turn: Arc::default(),
        }
    }

    async fn model(&self) -> Result<Arc<Model>, ModelError> {
        let (path, context_tokens, threads) =
            (self.path.clone(), self.context_tokens, self.threads);
        // Looked at again: the folder may have changed since it was added.
        let load = move || Model::load(&checked_folder(&path)?, context_tokens, threads);
        self.model.get(load).await
    }
}

#[async_trait]
impl ModelAdapter for DecoderAdapter {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            complete: true,
            tools: true,
            tool_choice: true,
            formats: true,
            grammars: true,
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

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        let model = self.model().await?;
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let busy = |_| ModelError::new(ModelErrorKind::Busy, "ask", "the model");
        let place = place.map_err(busy)?;
        let prompt = model.tokenize(&job.prompt)?;
        let room = room(prompt.len(), self.context_tokens)?;
        let forms = Arc::clone(&model);
        let constraint = constraint(&job, move |form| forms.constraints()?.compile(form)).await?;
        let (events, stream) = mpsc::unbounded_channel();
        let task = Task {
            writer: Writer::new(order(&job, prompt.len(), room, constraint, events)),
            prompt,
            is_seeded: job.sampling.seed.is_some(),
            ignore_end: job.ignore_end,
            cancel: job.cancel,
        };
        let turn = Arc::clone(&self.turn);
        let at_most = job.waiting.at_most;
        tokio::spawn(async move {
            let turn = tokio::select! {
                biased;
                () = task.cancel.cancelled() => return task.writer.finish(FinishReason::Cancelled),
                turn = turn.lock_owned() => turn,
                () = late(at_most) => {
                    let subject = "the answer: its turn did not come in time";
                    let error = ModelError::new(ModelErrorKind::Timeout, "begin", subject);
                    return task.writer.fail(error);
                }
            };
            drop(place);
            tokio::task::spawn_blocking(move || {
                let _turn = turn;
                model.answer(task);
            });
        });
        Ok(UnboundedReceiverStream::new(stream).boxed())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let tokens = self.model().await?.tokenize(prompt)?;
        Ok(u32::try_from(tokens.len()).unwrap_or(u32::MAX))
    }

    async fn embed(&self, _texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let why = "it writes text; ask an embedding model, such as karen-static".to_owned();
        let kind = ModelErrorKind::Unsupported(why);
        Err(ModelError::new(kind, "embed with", "the model"))
    }
}

/// Ends when one has waited so long; never without a limit.
async fn late(at_most: Option<Duration>) {
    match at_most {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
