//! The words of many sessions at once, as a file gives them.
//!
//! Each word has a list of sessions to push to, and there are more lists than a core's cache holds. So
//! words are taken a block at a time, and each block for thousands of sessions: opening a million
//! records waits for memory a quarter as long.

use super::SessionNumber;
use super::dictionary::Word;
use super::entry::Entry;
use super::session::{Posting, Session, Summary};

/// Words whose ends of lists fit a core's cache.
const WORDS: usize = 4096;
/// Sessions for which a block of words stays there.
const SESSIONS: usize = 8192;

/// Adds what words come to in all sessions. `None` for a posting of a number that has no word.
pub(super) fn gather(words: &mut [Word], sessions: &[Session]) -> Option<()> {
    for (chunk, sessions) in (0..).zip(sessions.chunks(SESSIONS)) {
        let mut starts = vec![0; sessions.len()];
        for (block, words) in (0..).zip(words.chunks_mut(WORDS)) {
            let first = block * WORDS;
            let numbered = (chunk * SESSIONS..).zip(sessions);
            for ((number, session), start) in numbered.zip(&mut starts) {
                let is_after = |p: &Posting| p.term as usize >= first + WORDS;
                let rest = &session.postings[*start..];
                let end = *start + rest.iter().position(is_after).unwrap_or(rest.len());
                add(
                    words,
                    first,
                    number as SessionNumber,
                    session.summaries_of(*start..end),
                )?;
                *start = end;
            }
        }
        let mut ends = sessions.iter().zip(starts);
        if !ends.all(|(session, end)| end == session.postings.len()) {
            return None;
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
