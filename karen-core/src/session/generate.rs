//! Asking a model without a conversation and without memory, within the same limits.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};
use karen_auth::Permission;
use karen_infer::{
    Caller, CompletionRequest, GenerateEvent, GenerateRequest, Generation, ModelError, ModelName,
    Served,
};
use karen_sql::now_ms;

use super::Session;
use crate::Result;
use crate::id::TurnId;
use crate::usage::Usage;

/// An answer on its way; what it takes is entered in the ledger before it is told.
pub struct Answering {
    generation: Generation,
}

impl Session {
    /// Answers a chat that the caller keeps itself: nothing is remembered or recalled. An answer from
    /// the cache uses nothing up.
    ///
    /// # Errors
    /// `FORBIDDEN`, `RATE_LIMITED`, `QUOTA`, and what the model reports.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Answering> {
        let turn = TurnId::fresh();
        let request = GenerateRequest {
            caller: Some(self.caller(&turn)),
            ..request
        };
        let asked = self.karen.models.generate(request);
        self.answering(turn, asked).await
    }

    /// Continues a text; no chat template is applied, and nothing is remembered or recalled.
    ///
    /// # Errors
    /// As [`generate`](Session::generate).
    pub async fn complete(&self, request: CompletionRequest) -> Result<Answering> {
        let turn = TurnId::fresh();
        let request = CompletionRequest {
            caller: Some(self.caller(&turn)),
            ..request
        };
        let asked = self.karen.models.complete(request);
        self.answering(turn, asked).await
    }

    fn caller(&self, turn: &TurnId) -> Caller {
        self.scope.caller(&self.principal).for_work(turn.as_str())
    }

    /// Asks within the limits, and enters the answer in the ledger.
    async fn answering(
        &self,
        turn: TurnId,
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
        let key = principal.api_key().map(ToString::to_string);
        let begun = Usage::none(turn, now, key.as_deref());
        karen.ledger.add(scope, &begun).await?;
        Ok(Answering { generation })
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
        event.map_err(Into::into)
    }
}
