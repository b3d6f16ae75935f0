//! BM25 of a query at the four scales.

use std::collections::HashMap;

use super::{Document, REACHES, Segment, session_key, window};
use crate::text::TextHit;
use crate::text::bm25::{idf, saturation};
use crate::{Filter, RecordId};

/// Scores at the three scales around each document, and of each session.
#[derive(Default)]
struct Scores<'a> {
    windows: HashMap<&'a RecordId, [f32; 3]>,
    sessions: HashMap<&'a str, f32>,
}

/// How often one word occurs around each document, and in each session.
#[derive(Default)]
struct Counts<'a> {
    windows: [HashMap<&'a RecordId, f32>; 3],
    sessions: HashMap<&'a str, f32>,
}

impl Segment {
    /// Every admitted document that shares a term, in no particular order.
    pub(super) fn score(&self, terms: &[String], filter: &Filter) -> Vec<TextHit> {
        let mut scores = Scores::default();
        for term in terms {
            self.add_term(term, &mut scores);
        }
        let in_sessions = scores
            .sessions
            .keys()
            .filter_map(|key| self.sessions.get(*key));
        let documents = in_sessions.flat_map(|session| &session.order);
        documents
            .map(|id| (id, &self.documents[id]))
            .filter(|(_, document)| filter.admits(&document.facets))
            .map(|(id, document)| self.hit(id, document, terms, &scores))
            .collect()
    }

    fn hit(
        &self,
        id: &RecordId,
        document: &Document,
        terms: &[String],
        scores: &Scores<'_>,
    ) -> TextHit {
        let [turn, near, around] = scores.windows.get(id).copied().unwrap_or_default();
        let key = session_key(&document.facets, id);
        let session = scores
            .sessions
            .get(key.as_str())
            .copied()
            .unwrap_or_default();
        let has = |term: &&String| self.postings.get(*term).is_some_and(|p| p.contains_key(id));
        TextHit {
            id: id.clone(),
            scores: [turn, near, around, session],
            terms: terms.iter().filter(has).cloned().collect(),
        }
    }

    fn add_term<'a>(&'a self, term: &str, scores: &mut Scores<'a>) {
        let counts = self.count(term);
        for (scale, counted) in counts.windows.iter().enumerate() {
            let weight = idf(self.documents.len(), counted.len());
            let mean = (self.lengths.windows[scale] / self.documents.len() as f64) as f32;
            for (id, count) in counted {
                let length = self.window_length(id, scale);
                let score = &mut scores.windows.entry(id).or_default()[scale];
                *score += weight * saturation(*count, length, mean);
            }
        }
        let weight = idf(self.sessions.len(), counts.sessions.len());
        let mean = (self.lengths.windows[0] / self.sessions.len() as f64) as f32;
        for (key, count) in counts.sessions {
            let length = self.sessions[key].length;
            *scores.sessions.entry(key).or_default() += weight * saturation(count, length, mean);
        }
    }

    /// Spreads each occurrence over the documents whose windows reach it.
    fn count(&self, term: &str) -> Counts<'_> {
        let mut counts = Counts::default();
        for (id, count) in self.postings.get(term).into_iter().flatten() {
            let document = &self.documents[id];
            let key = session_key(&document.facets, id);
            let (key, session) = self
                .sessions
                .get_key_value(&key)
                .expect("every document is in a session");
            let count = *count as f32;
            *counts.windows[0].entry(id).or_default() += count;
            for (scale, reach) in REACHES.into_iter().enumerate() {
                let near = window(document.position, reach, session.order.len());
                for neighbour in &session.order[near] {
                    *counts.windows[scale + 1].entry(neighbour).or_default() += count;
                }
            }
            *counts.sessions.entry(key).or_default() += count;
        }
        counts
    }

    fn window_length(&self, id: &RecordId, scale: usize) -> f32 {
        let document = &self.documents[id];
        let session = &self.sessions[&session_key(&document.facets, id)];
        session.lengths[document.position][scale]
    }
}
