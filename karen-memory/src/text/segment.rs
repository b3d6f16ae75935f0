//! The words of one user's records, and the sessions they stand in.

mod score;

use std::collections::{HashMap, HashSet};

use super::analysis::stems;
use super::{Place, TextChange, TextHit};
use crate::{Facets, Filter, RecordId};

/// Neighbours on each side that count at the two middle scales.
pub(super) const REACHES: [usize; 2] = [1, 3];

/// Documents, in sessions, with the documents of each word.
#[derive(Debug, Default)]
pub(super) struct Segment {
    documents: HashMap<RecordId, Document>,
    sessions: HashMap<String, Session>,
    postings: HashMap<String, HashMap<RecordId, u32>>,
    /// Sums over all documents of their length in words: alone, and with their neighbours.
    lengths: Lengths,
}

#[derive(Debug)]
struct Document {
    facets: Facets,
    at: i64,
    terms: Vec<String>,
    /// Where it stands in its session.
    position: usize,
}

/// Documents of one session in their order, each with the lengths of its windows.
#[derive(Debug, Default)]
struct Session {
    order: Vec<RecordId>,
    lengths: Vec<[f32; 3]>,
    length: f32,
}

#[derive(Debug, Default)]
struct Lengths {
    windows: [f64; 3],
}

impl Segment {
    /// Applies changes; the order of each session they touch is made anew once.
    pub(super) fn apply(&mut self, changes: Vec<TextChange>) {
        let mut touched = HashSet::new();
        for change in changes {
            match change {
                TextChange::Put {
                    id,
                    facets,
                    at,
                    text,
                } => {
                    touched.extend(self.delete(&id));
                    touched.insert(self.insert(id, facets, at, &text));
                }
                TextChange::Delete(id) => touched.extend(self.delete(&id)),
            }
        }
        for session in touched {
            self.arrange(&session);
        }
    }

    pub(super) fn search(&self, query: &str, filter: &Filter, limit: usize) -> Vec<TextHit> {
        let mut seen = HashSet::new();
        let mut terms = stems(query);
        terms.retain(|term| seen.insert(term.clone()));
        let mut hits = self.score(&terms, filter);
        let sum = |hit: &TextHit| hit.scores.iter().sum::<f32>();
        hits.sort_unstable_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.id.cmp(&b.id)));
        hits.truncate(limit);
        hits
    }

    pub(super) fn place(&self, id: &RecordId) -> Option<Place> {
        let document = self.documents.get(id)?;
        Some(Place {
            session: session_key(&document.facets, id),
            position: document.position,
        })
    }

    /// Gives the session it is in.
    fn insert(&mut self, id: RecordId, facets: Facets, at: i64, text: &str) -> String {
        let session = session_key(&facets, &id);
        let terms = stems(text);
        for term in &terms {
            let documents = self.postings.entry(term.clone()).or_default();
            *documents.entry(id.clone()).or_default() += 1;
        }
        self.sessions
            .entry(session.clone())
            .or_default()
            .order
            .push(id.clone());
        let position = 0;
        let document = Document {
            facets,
            at,
            terms,
            position,
        };
        self.documents.insert(id, document);
        session
    }

    /// Gives the session it was in.
    fn delete(&mut self, id: &RecordId) -> Option<String> {
        let document = self.documents.remove(id)?;
        for term in &document.terms {
            let Some(documents) = self.postings.get_mut(term) else {
                continue;
            };
            documents.remove(id);
            if documents.is_empty() {
                self.postings.remove(term);
            }
        }
        let session = session_key(&document.facets, id);
        if let Some(members) = self.sessions.get_mut(&session) {
            members.order.retain(|member| member != id);
        }
        Some(session)
    }

    /// Orders a session and measures its windows.
    fn arrange(&mut self, key: &str) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        for lengths in session.lengths.drain(..) {
            self.lengths.add(&lengths, -1.0);
        }
        if session.order.is_empty() {
            self.sessions.remove(key);
            return;
        }
        let documents = &mut self.documents;
        session
            .order
            .sort_by(|a, b| (documents[a].at, a).cmp(&(documents[b].at, b)));
        let length_of = |id: &RecordId| documents[id].terms.len() as f32;
        let own: Vec<f32> = session.order.iter().map(length_of).collect();
        session.length = own.iter().sum();
        session.lengths = (0..own.len()).map(|i| windows(&own, i)).collect();
        for lengths in &session.lengths {
            self.lengths.add(lengths, 1.0);
        }
        for (position, id) in session.order.iter().enumerate() {
            if let Some(document) = documents.get_mut(id) {
                document.position = position;
            }
        }
    }
}

impl Lengths {
    fn add(&mut self, lengths: &[f32; 3], sign: f64) {
        for (sum, length) in self.windows.iter_mut().zip(lengths) {
            *sum += sign * f64::from(*length);
        }
    }
}

/// The length of a document alone, and with its neighbours at each reach.
fn windows(own: &[f32], position: usize) -> [f32; 3] {
    let reach = |reach| own[window(position, reach, own.len())].iter().sum();
    [own[position], reach(REACHES[0]), reach(REACHES[1])]
}

fn window(position: usize, reach: usize, len: usize) -> std::ops::Range<usize> {
    position.saturating_sub(reach)..(position + reach + 1).min(len)
}

/// A record without a session is one of its own; ids and session names are told apart by a prefix.
fn session_key(facets: &Facets, id: &RecordId) -> String {
    match &facets.session {
        Some(session) => format!("session:{session}"),
        None => format!("record:{id}"),
    }
}
