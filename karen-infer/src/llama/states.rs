//! What sequences had read that were pushed out of the cache, kept in memory of its own.

use std::collections::VecDeque;

use llama_cpp_2::context::session::SeqState;
use llama_cpp_2::token::LlamaToken;

/// States of sequences, with the tokens that each has read; the oldest make room.
pub(super) struct States {
    kept: VecDeque<State>,
    bytes: usize,
    bytes_max: usize,
}

struct State {
    tokens: Vec<LlamaToken>,
    state: SeqState,
}

impl States {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Whether what was read is worth keeping: nothing is, where there is no room at all.
    pub(super) fn want(&self, tokens: &[LlamaToken]) -> bool {
        let is_kept = |state: &State| state.tokens.starts_with(tokens);
        self.bytes_max > 0 && !self.kept.iter().any(is_kept)
    }

    /// Keeps a state; those that it goes on from are kept no longer.
    pub(super) fn put(&mut self, tokens: Vec<LlamaToken>, state: SeqState) {
        if state.byte_len() > self.bytes_max {
            return;
        }
        self.kept.retain(|kept| !tokens.starts_with(&kept.tokens));
        self.kept.push_back(State { tokens, state });
        self.bytes = self.kept.iter().map(|kept| kept.state.byte_len()).sum();
        while self.bytes > self.bytes_max
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.state.byte_len();
        }
    }

    /// The state that has the longest beginning in common with `tokens`, and how long that is. With
    /// `whole` it must have read nothing else.
    pub(super) fn most_alike(&self, tokens: &[LlamaToken], whole: bool) -> Option<(usize, usize)> {
        let shared = |state: &State| {
            let same = state.tokens.iter().zip(tokens);
            same.take_while(|(a, b)| a == b).count()
        };
        let all = self.kept.iter().enumerate();
        let all = all.map(|(place, state)| (shared(state), place, state.tokens.len()));
        let fitting = all.filter(|(shared, _, length)| !whole || shared == length);
        let best = fitting.max_by_key(|&(shared, place, _)| (shared, place))?;
        Some((best.1, best.0))
    }

    /// The state in a place, and the tokens that it has read; it counts as the youngest from here on.
    pub(super) fn take_out(&mut self, place: usize) -> Option<(Vec<LlamaToken>, SeqState)> {
        let State { tokens, state } = self.kept.remove(place)?;
        self.bytes -= state.byte_len();
        Some((tokens, state))
    }
}
