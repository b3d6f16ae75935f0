//! Work that tells how far it is.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::ModelError;

/// The events of work that goes on while they are read; its result is the last.
pub(crate) struct Told<E> {
    work: Option<BoxFuture<'static, Result<E, ModelError>>>,
    told: UnboundedReceiver<E>,
    result: Option<Result<E, ModelError>>,
}

/// Tells the reader of the work how far it is.
#[derive(Clone)]
pub(crate) struct Teller<E>(UnboundedSender<E>);

impl<E> Told<E> {
    pub(crate) fn new<F>(work: impl FnOnce(Teller<E>) -> F) -> Self
    where
        F: Future<Output = Result<E, ModelError>> + Send + 'static,
    {
        let (teller, told) = unbounded_channel();
        Self {
            work: Some(Box::pin(work(Teller(teller)))),
            told,
            result: None,
        }
    }
}

impl<E> Teller<E> {
    #[cfg_attr(
        not(any(feature = "remote", feature = "llama", feature = "candle")),
        expect(dead_code, reason = "only the features have such work")
    )]
    pub(crate) fn tell(&self, event: E) {
        // Nobody has to hear how far work is.
        let _ = self.0.send(event);
    }
}

impl<E: Unpin> Stream for Told<E> {
    type Item = Result<E, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let told = &mut *self;
        if let Some(work) = &mut told.work
            && let Poll::Ready(result) = work.as_mut().poll(context)
        {
            // With the work its teller ends: what it has told comes before its result.
            told.work = None;
            told.result = Some(result);
        }
        told.told.poll_recv(context).map(|event| match event {
            Some(event) => Some(Ok(event)),
            None => told.result.take(),
        })
    }
}
