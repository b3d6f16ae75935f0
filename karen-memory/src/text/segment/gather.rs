//! The words of many sessions at once, as a file gives them.
//!
//! Each word has a list of sessions to push to, and there are more lists than a core's cache holds. So
//! words are taken a block at a time, and each block for thousands of sessions: opening a million
//! records waits for memory a quarter as long.

use std::thread;

use super::SessionNumber;
use super::dictionary::Word;
use super::entry::Entry;
use super::session::{Posting, Session, Summary};

/// Words whose ends of lists fit a core's cache.
const WORDS: usize = 4096;
/// Sessions for which a block of words stays there.
const SESSIONS: usize = 8192;

/// Sessions that are asked where the middle of their postings is.
const ASKED: usize = 100;

/// Adds what words come to in all sessions, half of them on a thread of their own. `None` for a posting
/// of a number that has no word.
pub(super) fn gather(words: &mut [Word], sessions: &[Session]) -> Option<()> {
    let is_known = |p: &Posting| (p.term as usize) < words.len();
    let last = |session: &Session| session.postings.last().is_none_or(is_known);
    if !sessions.iter().all(last) {
        return None;
    }
    let middle = middle(sessions).min(words.len());
    let (first, rest) = words.split_at_mut(middle);
    thread::scope(|scope| {
        let first = scope.spawn(move || gather_from(0, first, sessions));
        let rest = gather_from(middle, rest, sessions);
        first.join().expect("adding words does not panic").and(rest)
    })
}

/// The word before which about half of the postings are.
fn middle(sessions: &[Session]) -> usize {
    let asked = sessions
        .iter()
        .step_by(sessions.len().div_ceil(ASKED).max(1));
    let middle = |session: &Session| Some(session.postings.get(session.postings.len() / 2)?.term);
    let mut middles: Vec<u32> = asked.filter_map(middle).collect();
    middles.sort_unstable();
    middles
        .get(middles.len() / 2)
        .map_or(0, |term| *term as usize)
}

/// The same for the words from a number on.
fn gather_from(from: usize, words: &mut [Word], sessions: &[Session]) -> Option<()> {
    for (chunk, sessions) in (0..).zip(sessions.chunks(SESSIONS)) {
        let start = |session: &Session| {
            session
                .postings
                .partition_point(|p| (p.term as usize) < from)
        };
        let mut starts: Vec<usize> = sessions.iter().map(start).collect();
        for (block, words) in (0..).zip(words.chunks_mut(WORDS)) {
            let first = from + block * WORDS;
            let numbered = (chunk * SESSIONS..).zip(sessions);
            for ((number, session), start) in numbered.zip(&mut starts) {
                let is_after = |p: &Posting| p.term as usize >= first + words.len();
                let rest = &session.postings[*start..];
                let end = *start + rest.iter().position(is_after).unwrap_or(rest.len());
                let summaries = session.summaries_of(*start..end);
                add(words, first, number as SessionNumber, summaries)?;
                *start = end;
            }
        }
    }
    Some(())
}

/// Adds what terms come to in a session, which are numbers of `words` from `first` on.
fn add(
    words: &mut [Word],
    first: usize,
    session: SessionNumber,
    summaries: impl Iterator<Item = Summary>,
) -> Option<()> {
    for summary in summaries {
        let word = words.get_mut(summary.term as usize - first)?;
        word.hash?;
        word.sessions.push(Entry::new(session, &summary));
        for (sum, documents) in word.documents.iter_mut().zip(summary.documents) {
            *sum += documents;
        }
    }
    Some(())
}
