//! Which sessions have each word.
//!
//! Words are known by their hash alone: what is kept of them outlives no record as text.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU64;

use super::SessionNumber;
use super::entry::Entry;
use super::gather::gather;
use super::session::{Session, Summary};
use crate::segments::Source;

/// Words that are written together.
const BLOCK: usize = 512;

/// Words, each with the sessions that have it.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<NonZeroU64, u32>,
    words: Vec<Word>,
    /// Numbers of words that no record has any more.
    free: Vec<u32>,
    /// Blocks in which a number changed its word.
    changed: BTreeSet<u32>,
}

/// A word, and what it comes to everywhere.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// `None` while its number is free.
    pub(super) hash: Option<NonZeroU64>,
    /// Records whose window has it, at each scale.
    pub(super) documents: [u32; 3],
    /// By session.
    pub(super) sessions: Vec<Entry>,
}

impl Dictionary {
    /// A word that some record has.
    pub(super) fn get(&self, text: &str) -> Option<(u32, &Word)> {
        let number = *self.numbers.get(&hash(text))?;
        Some((number, &self.words[number as usize]))
    }

    /// The number of a word, which it gets now if it is not known.
    pub(super) fn number_of(&mut self, text: &str) -> u32 {
        let hash = hash(text);
        if let Some(&number) = self.numbers.get(&hash) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.words.push(Word::default());
            u32::try_from(self.words.len() - 1).expect("words fit u32")
        });
        self.words[number as usize].hash = Some(hash);
        self.numbers.insert(hash, number);
        self.changed.insert(block(number));
        number
    }

    /// Blocks that changed since it was asked last.
    pub(super) fn take_changed(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.changed)
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> u32 {
        self.words.len().div_ceil(BLOCK) as u32
    }

    /// Writes the hashes of a block's words, 0 for a free number.
    pub(super) fn write(&self, block: u32, to: &mut Vec<u8>) {
        let words = self.words.chunks(BLOCK).nth(block as usize);
        for word in words.into_iter().flatten() {
            let hash = word.hash.map_or(0, NonZeroU64::get);
            to.extend(hash.to_le_bytes());
        }
    }

    /// Takes in a block as it was written.
    pub(super) fn read(&mut self, block: u32, mut from: Source<'_>) -> Option<()> {
        let first = block as usize * BLOCK;
        let words = self.words.len().max(first + BLOCK);
        self.words.resize_with(words, Word::default);
        let words = &mut self.words[first..first + BLOCK];
        words.fill_with(Word::default);
        for word in words {
            let Some(hash) = from.u64() else { break };
            word.hash = NonZeroU64::new(hash);
        }
        from.is_empty().then_some(())
    }

    /// Makes the rest from the words that were read, and the sessions. `None` if they do not belong
    /// together.
    pub(super) fn complete(&mut self, sessions: &[Session]) -> Option<()> {
        gather(&mut self.words, sessions)?;
        for (number, word) in (0..).zip(&mut self.words) {
            word.hash = word.hash.filter(|_| !word.sessions.is_empty());
            match word.hash {
                Some(hash) => drop(self.numbers.insert(hash, number)),
                None => self.free.push(number),
            }
        }
        Some(())
    }

    /// Notes what the words of a session come to, which came to something else before. Both are by
    /// term.
    pub(super) fn replace(
        &mut self,
        session: SessionNumber,
        before: Vec<Summary>,
        after: impl Iterator<Item = Summary>,
    ) {
        let mut before = before.into_iter().peekable();
        for summary in after {
            while let Some(gone) = before.next_if(|b| b.term < summary.term) {
                self.change(session, gone, Summary::none(gone.term));
            }
            let same = before.next_if(|b| b.term == summary.term);
            let was = same.unwrap_or_else(|| Summary::none(summary.term));
            self.change(session, was, summary);
        }
        for gone in before {
            self.change(session, gone, Summary::none(gone.term));
        }
    }

    fn change(&mut self, session: SessionNumber, from: Summary, to: Summary) {
        if from == to {
            return;
        }
        let word = &mut self.words[to.term as usize];
        for (scale, documents) in word.documents.iter_mut().enumerate() {
            *documents = *documents - from.documents[scale] + to.documents[scale];
        }
        let entry = Entry::new(session, &to);
        let place = word.sessions.binary_search_by_key(&session, |s| s.session);
        match place {
            Ok(place) if to.is_none() => {
                word.sessions.remove(place);
            }
            Ok(place) => word.sessions[place] = entry,
            Err(place) => word.sessions.insert(place, entry),
        }
        if word.sessions.is_empty() {
            if let Some(hash) = word.hash.take() {
                self.numbers.remove(&hash);
            }
            self.free.push(to.term);
            self.changed.insert(block(to.term));
        }
    }
}

/// FNV-1a: the same in every release, as files must be. Of a million words, two share a hash in one
/// case out of thirty million.
fn hash(text: &str) -> NonZeroU64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    NonZeroU64::new(hash).unwrap_or(NonZeroU64::MAX)
}

fn block(number: u32) -> u32 {
    number / BLOCK as u32
}

impl Summary {
    fn none(term: u32) -> Self {
        Self {
            term,
            ..Self::default()
        }
    }

    fn is_none(&self) -> bool {
        self.peaks[3] == 0
    }
}
