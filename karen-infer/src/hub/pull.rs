//! A pull under way.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{ModelError, ModelInfo};

/// How far a pull is. [`Done`](PullEvent::Done) is the last.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum PullEvent {
    /// What is to come is known.
    Listed {
        /// The commit that is pulled.
        commit: String,
        /// Files.
        files: usize,
        /// Bytes of all of them.
        bytes: u64,
    },
    /// More is here.
    Fetched {
        /// The file that grows.
        file: String,
        /// Bytes of all files that are here.
        done_bytes: u64,
        /// Bytes of all files.
        bytes: u64,
    },
    /// A file is here, and compared with its checksum.
    Checking {
        /// The file.
        file: String,
    },
    /// The model is added.
    Done {
        /// It.
        model: Box<ModelInfo>,
    },
}

/// The events of a pull, which goes on while they are read. What is dropped half-way goes on from
/// there when it is pulled again.
pub struct Pull {
    work: Option<BoxFuture<'static, Result<ModelInfo, ModelError>>>,
    told: UnboundedReceiver<PullEvent>,
    result: Option<Result<ModelInfo, ModelError>>,
}

/// Tells the reader of a pull how far it is.
#[derive(Clone)]
pub(crate) struct Teller(UnboundedSender<PullEvent>);

impl Pull {
    pub(crate) fn new<F>(work: impl FnOnce(Teller) -> F) -> Self
    where
        F: Future<Output = Result<ModelInfo, ModelError>> + Send + 'static,
    {
        let (teller, told) = unbounded_channel();
        Self {
            work: Some(Box::pin(work(Teller(teller)))),
            told,
            result: None,
        }
    }
}

impl Teller {
    #[cfg(feature = "remote")]
    pub(crate) fn tell(&self, event: PullEvent) {
        // The reader and the work are one value: neither outlives the other.
        let _ = self.0.send(event);
    }
}

impl Stream for Pull {
    type Item = Result<PullEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pull = &mut *self;
        if let Some(work) = &mut pull.work
            && let Poll::Ready(result) = work.as_mut().poll(context)
        {
            // With the work its teller ends: what it has told comes before its result.
            pull.work = None;
            pull.result = Some(result);
        }
        pull.told.poll_recv(context).map(|told| match told {
            Some(event) => Some(Ok(event)),
            None => {
                let result = pull.result.take()?;
                Some(result.map(|info| PullEvent::Done {
                    model: Box::new(info),
                }))
            }
        })
    }
}
