//! What a decoder has read, and an answer that goes on from there.

use tokio_util::sync::CancellationToken;

use super::network::Network;
use super::pieces::Pieces;
use crate::writer::{Next, Writer};
use crate::{FinishReason, ModelError, ModelErrorKind};

/// Tokens of a prompt that are read at once: cancelling waits for them.
const STEP_TOKENS: usize = 128;

/// One answer to give.
pub(super) struct Task {
    pub(super) prompt: Vec<u32>,
    pub(super) writer: Writer,
    /// Whether the same request is to give the same answer.
    pub(super) is_seeded: bool,
    pub(super) ignore_end: bool,
    pub(super) cancel: CancellationToken,
}

/// A network, and the tokens that it has read.
pub(super) struct Session {
    network: Network,
    read: Vec<u32>,
}

/// Which tokens mean what.
pub(super) struct Words<'a> {
    pub(super) pieces: &'a Pieces,
    pub(super) ends: &'a [u32],
}

impl Session {
    pub(super) fn new(network: Network) -> Self {
        Self {
            network,
            read: Vec::new(),
        }
    }

    /// Forgets all that was read.
    pub(super) fn clear(&mut self) {
        self.network.clear();
        self.read.clear();
    }

    /// Writes an answer to its end; `None` when its caller is gone.
    pub(super) fn answer(
        &mut self,
        task: &mut Task,
        words: &Words<'_>,
    ) -> Result<Option<FinishReason>, ModelError> {
        self.begin(task);
        let mut pending = task.prompt[self.read.len()..].to_vec();
        loop {
            if task.writer.is_full() {
                return Ok(Some(FinishReason::Length));
            }
            let Some(logits) = self.read(&pending, &task.cancel)? else {
                return Ok(Some(FinishReason::Cancelled));
            };
            let chosen = task.writer.choose(&logits)?;
            if words.ends.contains(&chosen.token) && !task.ignore_end {
                return Ok(Some(FinishReason::Stop));
            }
            let bytes = words.pieces.bytes(chosen.token, task.ignore_end);
            match task.writer.write(chosen, bytes) {
                Next::Token => pending = vec![chosen.token],
                Next::End(finish) => return Ok(Some(finish)),
                Next::Gone => return Ok(None),
            }
        }
    }

    /// Keeps what was read where the prompt goes on from it, as the next turn of a chat does. A seed is
    /// to give the same answer, and logits depend a little on how many tokens are read at once.
    fn begin(&mut self, task: &mut Task) {
        let goes_on = self.read.len() < task.prompt.len() && task.prompt.starts_with(&self.read);
        if task.is_seeded || !goes_on {
            self.clear();
        }
        task.writer.set_cached(self.read.len());
    }

    /// The logits after the tokens; `None` when cancelled.
    fn read(
        &mut self,
        tokens: &[u32],
        cancel: &CancellationToken,
    ) -> Result<Option<Vec<f32>>, ModelError> {
        let mut logits = Vec::new();
        for step in tokens.chunks(STEP_TOKENS) {
            if cancel.is_cancelled() {
                return Ok(None);
            }
            logits = self.network.forward(step, self.read.len()).map_err(|e| {
                ModelError::new(ModelErrorKind::Internal, "run", "the model").caused_by(e)
            })?;
            self.read.extend_from_slice(step);
        }
        Ok(Some(logits))
    }
}
