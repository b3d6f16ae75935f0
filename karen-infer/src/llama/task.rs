//! One answer to give.

use llama_cpp_2::token::LlamaToken;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Priority;
use crate::writer::Writer;

/// What an engine is given to answer: the prompt in tokens, and who writes what follows it.
pub(super) struct Task {
    pub(super) prompt: Vec<LlamaToken>,
    pub(super) writer: Writer,
    /// Whether the same request is to give the same answer.
    pub(super) is_seeded: bool,
    pub(super) ignore_end: bool,
    pub(super) cancel: CancellationToken,
    /// How it waits for its turn.
    pub(super) priority: Priority,
    pub(super) gives_up_at: Option<Instant>,
    /// Its place in the queue, until it is its turn.
    pub(super) place: Option<OwnedSemaphorePermit>,
}
