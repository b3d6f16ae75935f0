//! A pull under way.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt, TryFutureExt};
use serde::Serialize;

use crate::told::{Teller, Told};
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
pub struct Pull(Told<PullEvent>);

impl Pull {
    pub(crate) fn new<F>(work: impl FnOnce(Teller<PullEvent>) -> F) -> Self
    where
        F: Future<Output = Result<ModelInfo, ModelError>> + Send + 'static,
    {
        Self(Told::new(|teller| {
            let model = work(teller).map_ok(Box::new);
            model.map_ok(|model| PullEvent::Done { model })
        }))
    }
}

impl Stream for Pull {
    type Item = Result<PullEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
