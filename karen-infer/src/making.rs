//! Making a model of another one.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};
use serde::Serialize;

use crate::told::{Teller, Told};
use crate::{ModelError, ModelInfo};

/// How far the making of a model is. [`Done`](MakeEvent::Done) is the last.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum MakeEvent {
    /// More is made.
    Made {
        /// So much, in bytes that are written or tokens that are read.
        done: u64,
        /// Of about so much.
        all: u64,
    },
    /// It is whole, and compared with what it was made of.
    Checking,
    /// How it compares.
    Checked(Comparison),
    /// It is added.
    Done {
        /// It.
        model: Box<ModelInfo>,
    },
}

/// How a made model compares with the one that it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// How little both expect a text of English prose: the exponential of the mean surprise at its
    /// tokens (Jelinek et al. 1977). Fewer bits raise it.
    Perplexity {
        /// That of the one it was made of.
        source: f64,
        /// That of the one that was made.
        made: f64,
    },
    /// How near the vectors of some texts are before and after they are packed; 1 is no change.
    Cosine {
        /// Of the text that is furthest away.
        least: f32,
    },
}

/// The events of making a model, which goes on while they are read. What is dropped half-way is not
/// added.
pub struct Making(Told<MakeEvent>);

impl Making {
    pub(crate) fn new<F>(work: impl FnOnce(Teller<MakeEvent>) -> F) -> Self
    where
        F: Future<Output = Result<ModelInfo, ModelError>> + Send + 'static,
    {
        Self(Told::new(|teller| {
            let made = work(teller);
            async {
                Ok(MakeEvent::Done {
                    model: Box::new(made.await?),
                })
            }
        }))
    }
}

impl Stream for Making {
    type Item = Result<MakeEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
