//! Asking a model without a conversation and without memory, within the same limits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};
use karen_auth::Permission;
use karen_infer::{
    CompletionRequest, GenerateEvent, GenerateRequest, Generation, ModelError, ModelName, Served,
};
use karen_sql::now_ms;

use super::Session;
use crate::id::TurnId;
use crate::karen::Shared;
use crate::usage::Usage;
use crate::{Result, Scope};

/// An answer on its way; what it takes is entered in the ledger when it ends or is dropped.
pub struct Answering {
    generation: Generation,
    entry: Entry,
}

/// What is entered when an answer ends. A dropped answer is entered with what is known of it.
struct Entry {
    karen: Arc<Shared>,
    scope: Scope,
    usage: Option<Usage>,
}

impl Session {
    /// Answers a chat that the caller keeps itself: nothing is remembered or recalled. An answer from
    /// the cache uses nothing up.
    ///
    /// # Errors
    /// `FORBIDDEN`, `RATE_LIMITED`, `QUOTA`, and what the model reports.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Answering> {
        let request = GenerateRequest {
            caller: Some(self.scope.caller()),
            ..request
        };
        self.answering(self.karen.models.generate(request)).await
    }

    /// Continues a text; no chat template is applied, and nothing is remembered or recalled.
    ///
    /// # Errors
    /// As [`generate`](Session::generate).
    pub async fn complete(&self, request: CompletionRequest) -> Result<Answering> {
        let request = CompletionRequest {
            caller: Some(self.scope.caller()),
            ..request
        };
        self.answering(self.karen.models.complete(request)).await
    }

    /// Asks within the limits, and enters the answer in the ledger.
    async fn answering(
        &self,
        asked: impl Future<Output = std::result::Result<Generation, ModelError>>,
    ) -> Result<Answering> {
        let Session {
            karen,
            principal,
            scope,
        } = self;
        principal.require(Permission::ModelsUse)?;
        let now = now_ms();
        karen.admit(principal, scope, now).await?;
        let generation = asked.await?;
        let usage = Usage {
            turn: TurnId::fresh(),
            at: now,
            model: Some(generation.model().to_string()),
            prompt_tokens: 0,
            completion_tokens: 0,
        };
        karen.ledger.record(scope, &usage).await?;
        let entry = Entry {
            karen: Arc::clone(karen),
            scope: scope.clone(),
            usage: Some(usage),
        };
        Ok(Answering { generation, entry })
    }
}

impl Answering {
    /// The model that answers.
    #[must_use]
    pub fn model(&self) -> &ModelName {
        self.generation.model()
    }

    /// Which model answers, and why that one.
    #[must_use]
    pub fn served(&self) -> &Served {
        self.generation.served()
    }

    /// Ends the answer; the stream still gives its last events.
    pub fn cancel(&self) {
        self.generation.cancel();
    }
}

impl Stream for Answering {
    type Item = Result<GenerateEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.generation.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(GenerateEvent::Usage(used)))) = &event
            && !self.generation.served().from_cache
            && let Some(usage) = &mut self.entry.usage
        {
            usage.prompt_tokens = u64::from(used.prompt_tokens);
            usage.completion_tokens = u64::from(used.completion_tokens);
        }
        event.map_err(Into::into)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let (Some(usage), Ok(runtime)) = (self.usage.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let (karen, scope) = (Arc::clone(&self.karen), self.scope.clone());
        runtime.spawn(async move {
            if let Err(error) = karen.ledger.record(&scope, &usage).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a use is not recorded"
                );
            }
        });
    }
}
