//! A model's tokens, as constraints look at them.

use std::sync::Arc;

use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie, TokenId};

/// The longest token that a constraint lets through: longer ones make its tree too deep.
const TOKEN_BYTES_MAX: usize = 255;

/// The bytes of each token by its id, and which of them end an answer.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    words: Vec<Vec<u8>>,
    ends: Vec<TokenId>,
}

impl Vocabulary {
    /// A token without bytes is never part of a constrained answer; `ends` are such tokens.
    pub(crate) fn new(words: impl IntoIterator<Item = Vec<u8>>, ends: Vec<TokenId>) -> Self {
        let words = words.into_iter().map(usable).collect();
        Self { words, ends }
    }

    pub(super) fn into_tokens(self) -> TokEnv {
        let size = u32::try_from(self.words.len()).expect("a vocabulary fits u32");
        let end = self.ends.first().copied();
        let info = TokRxInfo::new(size, end.unwrap_or(TokenId::MAX));
        let mut trie = TokTrie::from(&info, &self.words);
        if !self.ends.is_empty() {
            trie = trie.with_eos_tokens(&self.ends);
        }
        Arc::new(ApproximateTokEnv::new(trie))
    }
}

/// Nothing for what is no text: too long, or marked as llguidance marks its own special tokens.
fn usable(word: Vec<u8>) -> Vec<u8> {
    let is_marked = word.len() > 1 && word[0] == TokTrie::SPECIAL_TOKEN_MARKER;
    if is_marked || word.len() > TOKEN_BYTES_MAX {
        return Vec::new();
    }
    word
}
