//! A provider's model as a [`ModelAdapter`].

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;

use super::answer::{Answering, cancelled};
use super::client::{Connections, Endpoint};
use super::wire::{Wire, malformed};
use super::{estimate, key};
use crate::{
    Capabilities, GenerateStream, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt,
    RemoteModel,
};

/// A model behind an API that `W` speaks.
pub(super) struct RemoteAdapter<W> {
    model: RemoteModel,
    endpoint: Endpoint,
    connections: Arc<Connections>,
    wire: PhantomData<W>,
}

impl<W: Wire> RemoteAdapter<W> {
    pub(super) fn new(model: RemoteModel, connections: &Arc<Connections>) -> Self {
        Self {
            endpoint: Endpoint::new(Arc::clone(connections), model.url()),
            connections: Arc::clone(connections),
            model,
            wire: PhantomData,
        }
    }

    async fn post(&self, call: super::wire::Call) -> Result<reqwest::Response, ModelError> {
        let key = key::read(&self.model).await?;
        let key = key.map(|key| W::key(&key)).transpose()?;
        self.endpoint.post(&call, key).await
    }

    async fn embed_some(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let response = self.post(W::embed(&self.model, texts)?).await?;
        let body = self.endpoint.whole(response).await?;
        let mut rows = W::embeddings(&body)?;
        if rows.len() != texts.len() {
            return Err(malformed(
                "it embeds another number of texts than was asked",
            ));
        }
        rows.iter_mut().for_each(|row| normalise(row));
        Ok(rows)
    }
}

#[async_trait]
impl<W: Wire> ModelAdapter for RemoteAdapter<W> {
    fn capabilities(&self) -> Capabilities {
        let chats = !self.model.embeds;
        Capabilities {
            generate: chats,
            complete: false,
            embed: !chats,
            rerank: false,
            tools: chats,
            tool_choice: chats,
            images: chats,
            formats: chats,
            grammars: false,
            exact_counts: false,
            context_tokens: self.model.context(),
        }
    }

    /// Looks for the key; the provider is not asked.
    async fn load(&self) -> Result<(), ModelError> {
        key::read(&self.model).await.map(drop)
    }

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        true
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        if self.model.embeds {
            return Err(unsupported("chat with", "it embeds texts and writes none"));
        }
        let call = W::generate(&self.model, &job)?;
        let prompt_tokens = estimate::prompt(&job.prompt);
        let response = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Ok(cancelled()),
            response = self.post(call) => response?,
        };
        let silence = self.connections.config().silence;
        let reader = W::reader(&job);
        Ok(Answering::new(response, reader, prompt_tokens, silence, job.cancel).events())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        Ok(estimate::prompt(prompt))
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        if !self.model.embeds {
            return Err(unsupported(
                "embed with",
                "it writes text; ask a model that embeds",
            ));
        }
        let mut rows = Vec::with_capacity(texts.len());
        for some in texts.chunks(W::TEXTS_MAX) {
            rows.extend(self.embed_some(some).await?);
        }
        Ok(rows)
    }
}

fn unsupported(operation: &'static str, why: &str) -> ModelError {
    let kind = ModelErrorKind::Unsupported(why.to_owned());
    ModelError::new(kind, operation, "the model")
}

/// Length 1: providers do not normalise vectors that they shorten.
fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|x| *x /= length);
    }
}
