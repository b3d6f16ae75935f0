//! An answer on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::adapter::GenerateStream;
use crate::{GenerateEvent, ModelError, ModelName, Served};

/// The events of an answer. Dropping it cancels.
pub struct Generation {
    served: Served,
    events: GenerateStream,
    cancel: CancellationToken,
    _cancel_on_drop: DropGuard,
}

impl Generation {
    pub(crate) fn new(served: Served, events: GenerateStream, cancel: CancellationToken) -> Self {
        let guard = cancel.clone().drop_guard();
        Self {
            served,
            events,
            cancel,
            _cancel_on_drop: guard,
        }
    }

    /// The model that was asked for; `None` for the default one.
    #[must_use]
    pub fn asked(&self) -> Option<&ModelName> {
        self.served.asked.as_ref()
    }

    /// The model that answers.
    #[must_use]
    pub fn model(&self) -> &ModelName {
        &self.served.answered
    }

    /// Which model answers, and why that one.
    #[must_use]
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// Ends the answer within a step of the model; the stream still gives its last events.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Stream for Generation {
    type Item = Result<GenerateEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_next_unpin(context)
    }
}
