//! Which sessions have each word.

use std::collections::HashMap;

use super::SessionNumber;
use super::session::Summary;

/// Words, each with the sessions that have it.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<String, u32>,
    words: Vec<Word>,
    /// Numbers of words that no record has any more.
    free: Vec<u32>,
}

/// A word, and what it comes to everywhere.
#[derive(Debug, Default)]
pub(super) struct Word {
    text: String,
    /// Records whose window has it, at each scale.
    pub(super) documents: [u32; 3],
    /// By session.
    pub(super) sessions: Vec<InSession>,
}

/// The most that a word counts in a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct InSession {
    pub(super) session: SessionNumber,
    /// As in [`Summary::peaks`].
    pub(super) peaks: [u8; 4],
}

impl Dictionary {
    /// A word that some record has.
    pub(super) fn get(&self, text: &str) -> Option<(u32, &Word)> {
        let number = *self.numbers.get(text)?;
        Some((number, &self.words[number as usize]))
    }

    /// The number of a word, which it gets now if it is not known.
    pub(super) fn number_of(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.words.push(Word::default());
            u32::try_from(self.words.len() - 1).expect("words fit u32")
        });
        text.clone_into(&mut self.words[number as usize].text);
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Notes what the words of a session come to, which came to something else before. Both are by
    /// term.
    pub(super) fn replace(
        &mut self,
        session: SessionNumber,
        before: Vec<Summary>,
        after: Vec<Summary>,
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
        let peaks = to.peaks;
        let place = word.sessions.binary_search_by_key(&session, |s| s.session);
        match place {
            Ok(place) if to.is_none() => {
                word.sessions.remove(place);
            }
            Ok(place) => word.sessions[place].peaks = peaks,
            Err(place) => word.sessions.insert(place, InSession { session, peaks }),
        }
        if word.sessions.is_empty() {
            self.numbers.remove(&std::mem::take(&mut word.text));
            self.free.push(to.term);
        }
    }
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
