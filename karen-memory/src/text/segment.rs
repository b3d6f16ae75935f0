//! The words of one user's records, kept by session.
//!
//! A session is the unit: its postings stand together, and a word's own list names sessions, each with
//! the most that the word reaches in it. So a search bounds whole sessions first and looks into those
//! alone that can hold an answer.

mod dictionary;
mod entry;
mod gather;
mod kept;
mod score;
mod session;
mod written;

use std::collections::{BTreeSet, HashMap};

use dictionary::Dictionary;
use session::{Document, Session, Summary};

use super::analysis::stems;
use super::{Place, REACHES, TextChange, TextHit};
use crate::{Facets, Filter, RecordId};

/// Names a session within its segment.
type SessionNumber = u32;

/// Sessions, with the sessions of each word.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Empty ones are free to be used again.
    sessions: Vec<Session>,
    /// [`Session::least`] of each, side by side: a search asks for all of them.
    least: Vec<[f32; 4]>,
    free: Vec<SessionNumber>,
    by_name: HashMap<String, SessionNumber>,
    /// The session and the time of each record.
    by_record: HashMap<RecordId, (SessionNumber, i64)>,
    words: Dictionary,
    totals: Totals,
    /// Sessions that are not written as they are.
    changed: BTreeSet<SessionNumber>,
}

/// Sums over everything, for means.
#[derive(Debug, Default)]
struct Totals {
    documents: usize,
    sessions: usize,
    /// Of the lengths of all documents in words: alone, and with their neighbours.
    lengths: [f64; 3],
}

/// Changes of a session that are made together.
#[derive(Default)]
struct Changes {
    put: Vec<(Document, Vec<String>)>,
    deleted: Vec<RecordId>,
}

impl Segment {
    /// Applies changes; each session that they touch is made anew once.
    pub(super) fn apply(&mut self, changes: Vec<TextChange>) {
        let mut touched: HashMap<SessionNumber, Changes> = HashMap::new();
        for change in latest(changes) {
            if let Some(&(number, _)) = self.by_record.get(change.id()) {
                let deleted = &mut touched.entry(number).or_default().deleted;
                deleted.push(change.id().clone());
            }
            if let TextChange::Put {
                id,
                facets,
                at,
                text,
            } = change
            {
                let number = self.number_of(session_name(&facets, &id));
                let terms = stems(&text);
                let document = Document::new(id, facets, at, terms.len());
                let put = &mut touched.entry(number).or_default().put;
                put.push((document, terms));
            }
        }
        let numbers: BTreeSet<SessionNumber> = touched.keys().copied().collect();
        for number in numbers {
            let changes = touched.remove(&number).unwrap_or_default();
            self.change(number, changes);
        }
    }

    pub(super) fn search(&self, query: &str, filter: &Filter, limit: usize) -> Vec<TextHit> {
        score::search(self, query, filter, limit)
    }

    pub(super) fn place(&self, id: &RecordId) -> Option<Place> {
        let &(number, at) = self.by_record.get(id)?;
        let session = &self.sessions[number as usize];
        Some(Place {
            session: session.name.clone(),
            position: session.position(at, id)?,
        })
    }

    fn number_of(&mut self, name: String) -> SessionNumber {
        if let Some(&number) = self.by_name.get(&name) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(Session::default());
            self.least.push([0.0; 4]);
            SessionNumber::try_from(self.sessions.len() - 1).expect("sessions fit u32")
        });
        self.sessions[number as usize].name.clone_from(&name);
        self.by_name.insert(name, number);
        number
    }

    fn change(&mut self, number: SessionNumber, changes: Changes) {
        let Changes { put, deleted } = changes;
        self.changed.insert(number);
        let session = &mut self.sessions[number as usize];
        let before: Vec<Summary> = session.summaries().collect();
        self.totals.remove(session);
        session.remove(&deleted);
        for id in &deleted {
            // It may stand in another session already.
            if self
                .by_record
                .get(id)
                .is_some_and(|&(held, _)| held == number)
            {
                self.by_record.remove(id);
            }
        }
        for (Document { id, at, .. }, _) in &put {
            self.by_record.insert(id.clone(), (number, *at));
        }
        let words = &mut self.words;
        session.insert(put, |term| words.number_of(term));
        self.totals.add(session);
        self.least[number as usize] = session.least();
        let after = session.summaries();
        self.words.replace(number, before, after);
        if session.documents.is_empty() {
            self.by_name.remove(&std::mem::take(&mut session.name));
            self.free.push(number);
        }
    }
}

impl Totals {
    fn add(&mut self, session: &Session) {
        self.sessions += usize::from(!session.documents.is_empty());
        self.documents += session.documents.len();
        self.add_lengths(session, 1.0);
    }

    fn remove(&mut self, session: &Session) {
        self.sessions -= usize::from(!session.documents.is_empty());
        self.documents -= session.documents.len();
        self.add_lengths(session, -1.0);
    }

    fn add_lengths(&mut self, session: &Session, sign: f64) {
        for (sum, length) in self.lengths.iter_mut().zip(session.lengths()) {
            *sum += sign * length;
        }
    }

    /// The mean length of a document at each scale, and of a session.
    fn means(&self) -> [f32; 4] {
        let [own, near, around] = self.lengths.map(|sum| sum / self.documents as f64);
        let session = self.lengths[0] / self.sessions as f64;
        [own, near, around, session].map(|mean| mean as f32)
    }
}

/// The last change of each record, in their order.
fn latest(changes: Vec<TextChange>) -> Vec<TextChange> {
    let mut last: HashMap<RecordId, usize> = HashMap::new();
    for (index, change) in changes.iter().enumerate() {
        last.insert(change.id().clone(), index);
    }
    let indexed = changes.into_iter().enumerate();
    let kept = indexed.filter(|(index, change)| last.get(change.id()) == Some(index));
    kept.map(|(_, change)| change).collect()
}

/// A record without a session is one of its own; ids and session names are told apart by a prefix.
fn session_name(facets: &Facets, id: &RecordId) -> String {
    match &facets.session {
        Some(session) => format!("session:{session}"),
        None => format!("record:{id}"),
    }
}

#[cfg(test)]
mod tests;
