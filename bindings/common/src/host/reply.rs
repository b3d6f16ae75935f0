//! How a host answers.

use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Failure, runtime};

/// What went wrong in the host's own code, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// A sentence that a model or a person can act on.
    pub message: String,
}

impl HostError {
    /// An error in the host's words.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// An answer that somebody waits for. Dropping it unanswered is an error too.
#[derive(Debug)]
pub struct Reply<T> {
    answer: oneshot::Sender<Result<T, HostError>>,
    abandoned: CancellationToken,
}

/// The side that waits.
pub(super) struct Answer<T> {
    answer: oneshot::Receiver<Result<T, HostError>>,
    _abandon: DropGuard,
}

impl<T> Reply<T> {
    pub(super) fn pair() -> (Self, Answer<T>) {
        let (sender, receiver) = oneshot::channel();
        let abandoned = CancellationToken::new();
        let answer = Answer {
            answer: receiver,
            _abandon: abandoned.clone().drop_guard(),
        };
        let reply = Self {
            answer: sender,
            abandoned,
        };
        (reply, answer)
    }

    /// Answers. Nobody may be waiting any more, which changes nothing for the host.
    pub fn send(self, answer: Result<T, HostError>) {
        // Whoever asked has given up: there is nobody to tell.
        let _ = self.answer.send(answer);
    }

    /// Calls back once nobody waits any more, so that a host can end what it began. That is also
    /// so after an answer.
    ///
    /// # Errors
    /// `UNAVAILABLE` when there is no runtime.
    pub fn when_abandoned(&self, callback: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let abandoned = self.abandoned.clone();
        runtime::runtime()?.spawn(async move {
            abandoned.cancelled().await;
            callback();
        });
        Ok(())
    }
}

impl<T> Answer<T> {
    pub(super) async fn receive(&mut self) -> Result<T, HostError> {
        let unanswered = || HostError::new("the program gave no answer");
        (&mut self.answer).await.map_err(|_| unanswered())?
    }
}
