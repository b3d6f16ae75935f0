//! One answer to give.

use llama_cpp_2::token::LlamaToken;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::constraint::Constraint;
use crate::{GenerateEvent, ModelError, Sampling};

/// What an engine is given to answer: the prompt in tokens, and how to go on from it.
pub(super) struct Task {
    pub(super) prompt: Vec<LlamaToken>,
    pub(super) sampling: Sampling,
    pub(super) stop: Vec<String>,
    pub(super) tools: Vec<String>,
    pub(super) constraint: Option<Constraint>,
    pub(super) tokens_max: u32,
    pub(super) ignore_end: bool,
    pub(super) token_ids: bool,
    pub(super) cancel: CancellationToken,
    /// Its place in the queue, until it is its turn.
    pub(super) place: Option<OwnedSemaphorePermit>,
    /// Unbounded, as the context bounds an answer: a slow reader holds nobody else up.
    pub(super) events: mpsc::UnboundedSender<Result<GenerateEvent, ModelError>>,
}
