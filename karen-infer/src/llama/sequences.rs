//! The sequences of a context: which tokens each has read, and reading more of them in one step.
//!
//! All share one KV cache. A sequence that begins like another shares its cells and copies nothing;
//! one that is no longer needed keeps what it read until the room is wanted, since the next turn of a
//! chat begins with it. What has to go then may be kept outside of the cache, and brought back.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::session::LlamaStateSeqFlags;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{DecodeError, model::LlamaModel};

use super::states::States;

/// Tokens that are read in one step at most: cancelling waits for one step.
pub(super) const STEP_TOKENS: usize = 256;
/// Fewer common tokens than these are read again rather than shared.
const SHARED_MIN: usize = 16;
/// Fewer than these are read again rather than kept outside of the cache.
const KEPT_MIN: usize = 64;

/// Names a sequence.
pub(super) type SequenceId = usize;

pub(super) struct Sequences<'model> {
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    sequences: Vec<Sequence>,
    /// Whether a sequence can forget its end. Recurrent models keep a sum of all they read.
    can_cut: bool,
    /// What was pushed out of the cache.
    states: States,
    /// Counts releases: the order in which sequences came to rest.
    clock: u64,
}

#[derive(Default)]
struct Sequence {
    /// What the cache holds of it, from the beginning.
    read: Vec<LlamaToken>,
    is_taken: bool,
    rested_at: u64,
}

/// Tokens that follow what a sequence has read.
pub(super) struct Piece<'a> {
    pub(super) sequence: SequenceId,
    pub(super) tokens: &'a [LlamaToken],
    /// Whether the logits after the last one are wanted.
    pub(super) wants_logits: bool,
}

/// Why a step was not taken. Nothing was read then.
pub(super) enum StepError {
    /// The cache has no cells left.
    NoRoom,
    Failed(DecodeError),
}

impl<'model> Sequences<'model> {
    /// `context` has `count` sequences at least, and a unified cache; `states` keeps what is pushed out
    /// of it.
    pub(super) fn new(
        model: &LlamaModel,
        context: LlamaContext<'model>,
        count: usize,
        states: States,
    ) -> Self {
        Self {
            context,
            batch: LlamaBatch::new(STEP_TOKENS, 1),
            sequences: (0..count).map(|_| Sequence::default()).collect(),
            can_cut: !model.is_recurrent() && !model.is_hybrid(),
            states,
            clock: 0,
        }
    }

    /// Whether the cache holds of each sequence what it is thought to have read, and no cell more.
    pub(super) fn agree_with_cache(&self) -> bool {
        self.sequences.iter().enumerate().all(|(id, sequence)| {
            let last = self.context.kv_cache_seq_pos_max(as_i32(id));
            last + 1 == as_i32(sequence.read.len())
        })
    }

    /// Reads a token and forgets it: the weights are in memory then, and what computes is set up.
    pub(super) fn warm_up(&mut self, token: LlamaToken) -> Result<(), StepError> {
        let warmed_up = self.step(&[Piece {
            sequence: 0,
            tokens: &[token],
            wants_logits: true,
        }]);
        self.forget(0);
        warmed_up
    }

    /// Takes a sequence for `tokens`, with as many of them read already as another one can share; all
    /// but the last at most, since its logits begin the answer. `None` while all are taken.
    pub(super) fn take(&mut self, tokens: &[LlamaToken], may_share: bool) -> Option<SequenceId> {
        let source = may_share.then(|| self.most_alike(tokens)).flatten();
        let shared = source.map_or(0, |(_, shared)| shared);
        if may_share && let Some(id) = self.bring_back(tokens, shared) {
            self.sequences[id].is_taken = true;
            return Some(id);
        }
        let id = match source {
            Some((id, shared)) if self.goes_on(id, shared) => {
                self.cut(id, shared);
                id
            }
            Some((source, shared)) if self.can_cut => {
                let id = self.longest_at_rest(Some(source))?;
                self.share(source, id, shared);
                id
            }
            _ => {
                let id = self.longest_at_rest(None)?;
                self.put_away(id);
                id
            }
        };
        self.sequences[id].is_taken = true;
        Some(id)
    }

    /// Lets a sequence rest; it keeps what it read.
    pub(super) fn release(&mut self, id: SequenceId) {
        self.clock += 1;
        self.sequences[id].rested_at = self.clock;
        self.sequences[id].is_taken = false;
    }

    /// Makes room by forgetting what rests longest; `false` if nothing rests.
    pub(super) fn forget_longest_at_rest(&mut self) -> bool {
        let resting = |s: &&Sequence| !s.is_taken && !s.read.is_empty();
        let oldest = self
            .sequences
            .iter()
            .filter(resting)
            .map(|s| s.rested_at)
            .min();
        let is_oldest =
            |s: &Sequence| !s.is_taken && !s.read.is_empty() && Some(s.rested_at) == oldest;
        let found = self.sequences.iter().position(is_oldest);
        if let Some(id) = found {
            self.put_away(id);
        }
        found.is_some()
    }

    /// How many tokens a sequence has read.
    pub(super) fn read(&self, id: SequenceId) -> usize {
        self.sequences[id].read.len()
    }

    /// Takes a sequence that holds what was kept outside of the cache, if that shares more with `tokens`
    /// than what is in it.
    fn bring_back(&mut self, tokens: &[LlamaToken], shared: usize) -> Option<SequenceId> {
        let last = tokens.len().saturating_sub(1);
        let (place, kept) = self.states.most_alike(&tokens[..last], !self.can_cut)?;
        if kept < shared + KEPT_MIN {
            return None;
        }
        let id = self.longest_at_rest(None)?;
        let (read, state) = self.states.take_out(place)?;
        self.put_away(id);
        if self.context.state_seq_set(&state, as_i32(id)).is_err() {
            // The cache has no room for it: what was written of it goes, and it is read again.
            self.forget(id);
            return None;
        }
        self.sequences[id].read = read;
        self.cut(id, kept);
        Some(id)
    }

    /// Forgets what a sequence has read, and keeps it outside of the cache where there is room for it.
    fn put_away(&mut self, id: SequenceId) {
        let read = &self.sequences[id].read;
        if read.len() >= KEPT_MIN && self.states.want(read) {
            let state = self
                .context
                .state_seq_get(as_i32(id), LlamaStateSeqFlags::empty());
            // What cannot be kept is read again.
            if let Ok(state) = state {
                self.states.put(read.clone(), state);
            }
        }
        self.forget(id);
    }

    /// Forgets what a sequence has read.
    pub(super) fn forget(&mut self, id: SequenceId) {
        self.remove_after(id, 0);
        self.sequences[id].read.clear();
    }

    /// Reads every piece in one step of the model. The pieces have [`STEP_TOKENS`] tokens at most.
    pub(super) fn step(&mut self, pieces: &[Piece<'_>]) -> Result<(), StepError> {
        self.fill(pieces);
        match self.context.decode(&mut self.batch) {
            Ok(()) => {}
            Err(DecodeError::NoKvCacheSlot) => return Err(StepError::NoRoom),
            Err(error) => {
                // What was read before it broke is unknown: nothing is taken for read.
                self.context.clear_kv_cache();
                self.sequences.iter_mut().for_each(|s| s.read.clear());
                return Err(StepError::Failed(error));
            }
        }
        for piece in pieces {
            self.sequences[piece.sequence]
                .read
                .extend_from_slice(piece.tokens);
        }
        Ok(())
    }

    /// The logits after the token at `index` of the last step.
    pub(super) fn logits(&self, index: i32) -> &[f32] {
        self.context.get_logits_ith(index)
    }

    fn fill(&mut self, pieces: &[Piece<'_>]) {
        self.batch.clear();
        for piece in pieces {
            let first = self.sequences[piece.sequence].read.len();
            for (index, &token) in piece.tokens.iter().enumerate() {
                let logits = piece.wants_logits && index + 1 == piece.tokens.len();
                let (position, sequence) = (as_i32(first + index), as_i32(piece.sequence));
                let added = self.batch.add(token, position, &[sequence], logits);
                added.expect("a step has room for its pieces");
            }
        }
    }

    /// The sequence with the longest beginning in common with `tokens`, and how long that is; one at
    /// rest where several have the same.
    fn most_alike(&self, tokens: &[LlamaToken]) -> Option<(SequenceId, usize)> {
        let last = tokens.len().saturating_sub(1);
        let shared = |s: &Sequence| common_prefix(&s.read, tokens).min(last);
        let all = self.sequences.iter().enumerate();
        let best = all.map(|(id, s)| (shared(s), !s.is_taken, id)).max()?;
        (best.0 >= SHARED_MIN).then_some((best.2, best.0))
    }

    /// Whether a sequence is best gone on with itself: little of what it read is lost by that.
    fn goes_on(&self, id: SequenceId, shared: usize) -> bool {
        let Sequence { read, is_taken, .. } = &self.sequences[id];
        let kept = if self.can_cut { shared * 2 } else { shared };
        !is_taken && kept >= read.len()
    }

    /// An empty sequence, else the one that rests longest; `keep` only where there is no other.
    fn longest_at_rest(&self, keep: Option<SequenceId>) -> Option<SequenceId> {
        let all = self.sequences.iter().enumerate();
        let resting = all.filter(|(_, s)| !s.is_taken);
        let rank = |&(id, s): &(SequenceId, &Sequence)| {
            (Some(id) == keep, !s.read.is_empty(), s.rested_at)
        };
        resting.min_by_key(rank).map(|(id, _)| id)
    }

    /// Shortens what a sequence has read.
    fn cut(&mut self, id: SequenceId, length: usize) {
        if length < self.sequences[id].read.len() {
            let kept = if self.remove_after(id, length) {
                length
            } else {
                0
            };
            self.sequences[id].read.truncate(kept);
        }
    }

    /// Lets a sequence hold the beginning of what another one has read, and nothing else.
    fn share(&mut self, source: SequenceId, id: SequenceId, length: usize) {
        if source == id {
            return self.cut(id, length);
        }
        self.put_away(id);
        let end = u32::try_from(length).ok();
        let (from, to) = (as_i32(source), as_i32(id));
        if self.context.kv_cache_seq_cp(from, to, Some(0), end).is_ok() {
            self.sequences[id].read = self.sequences[source].read[..length].to_vec();
        }
    }

    /// Takes a sequence out of the cache from a position on; out of all of it, and `false`, where the
    /// model cannot.
    fn remove_after(&mut self, id: SequenceId, length: usize) -> bool {
        let (sequence, from) = (u32::try_from(id).ok(), u32::try_from(length).ok());
        if self
            .context
            .clear_kv_cache_seq(sequence, from, None)
            .unwrap_or(false)
        {
            return true;
        }
        // Taking all of it out never fails, by llama.cpp's contract.
        let _ = self.context.clear_kv_cache_seq(sequence, None, None);
        false
    }
}

/// Positions and sequences are bounded by the context.
fn as_i32(number: usize) -> i32 {
    i32::try_from(number).expect("a context is shorter than 2^31 tokens")
}

fn common_prefix(a: &[LlamaToken], b: &[LlamaToken]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
