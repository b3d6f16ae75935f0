//! BM25 of a query at the four scales, of those records alone that can be among the best.
//!
//! What a word can be worth in a session is bounded by the most that it counts in any window there and
//! by the shortest window. Sessions are looked into in the order of their bounds, until the next one
//! cannot better the worst of the answers: the answers are those of a search through everything.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

use super::dictionary::Word;
use super::session::{Session, spread};
use super::{REACHES, Segment, SessionNumber};
use crate::text::TextHit;
use crate::text::analysis::stems;
use crate::text::bm25::{idf, saturation};
use crate::{Filter, RecordId};

/// Sums of the same numbers in another order differ by less than this share.
const ROUNDING: f32 = 1.0001;

/// Stands for any count: a word is worth next to nothing more from here on.
const COUNT_UNKNOWN: f32 = 1e6;

/// Terms that a [`Bound`] tells of.
const BITS: usize = u64::BITS as usize;

/// A word of the query.
struct Term<'a> {
    text: String,
    number: u32,
    word: &'a Word,
    /// At the three scales of windows, and of sessions.
    weights: [f32; 4],
}

/// A query against one segment.
struct Search<'a> {
    segment: &'a Segment,
    filter: &'a Filter,
    terms: Vec<Term<'a>>,
    means: [f32; 3],
    session_mean: f32,
}

/// What is known of a session before it is looked into.
#[derive(Clone, Copy, Debug, Default)]
struct Bound {
    /// What its best record is worth at most.
    worth: f32,
    session: SessionNumber,
    /// Which of the first terms it has, a bit each.
    terms: u64,
}

/// A record that shares a word.
struct Found<'a> {
    session: &'a Session,
    position: usize,
    scores: [f32; 4],
}

/// The best so far.
struct Best<'a> {
    limit: usize,
    found: Vec<Found<'a>>,
    /// The worst of them, once there are as many as wanted.
    worst: f32,
}

pub(super) fn search(
    segment: &Segment,
    query: &str,
    filter: &Filter,
    limit: usize,
) -> Vec<TextHit> {
    if limit == 0 || segment.totals.documents == 0 {
        return Vec::new();
    }
    let search = Search {
        segment,
        filter,
        terms: terms(segment, query),
        means: segment.totals.means(),
        session_mean: segment.totals.session_mean(),
    };
    let best = search.best(limit);
    best.into_iter().map(|found| search.hit(&found)).collect()
}

/// The words of a query that some record has, each once.
fn terms<'a>(segment: &'a Segment, query: &str) -> Vec<Term<'a>> {
    let mut seen = HashSet::new();
    let mut texts = stems(query);
    texts.retain(|text| seen.insert(text.clone()));
    let term = |text: String| {
        let (number, word) = segment.words.get(&text)?;
        let totals = &segment.totals;
        let [own, near, around] = word.documents.map(|n| idf(totals.documents, n as usize));
        let session = idf(totals.sessions, word.sessions.len());
        Some(Term {
            text,
            number,
            word,
            weights: [own, near, around, session],
        })
    };
    texts.into_iter().filter_map(term).collect()
}

impl<'a> Search<'a> {
    fn best(&self, limit: usize) -> Vec<Found<'a>> {
        let mut best = Best::new(limit);
        let mut bounds = BinaryHeap::from(self.bounds());
        let mut scores = Vec::new();
        while let Some(bound) = bounds.pop() {
            if bound.worth * ROUNDING < best.worst {
                break;
            }
            self.look_into(bound, &mut scores, &mut best);
        }
        best.into_sorted()
    }

    /// The sessions that have a word of the query.
    fn bounds(&self) -> Vec<Bound> {
        let mut bounds = vec![Bound::default(); self.segment.sessions.len()];
        for (index, term) in self.terms.iter().enumerate() {
            for entry in &term.word.sessions {
                let session = &self.segment.sessions[entry.session as usize];
                let bound = &mut bounds[entry.session as usize];
                bound.session = entry.session;
                bound.worth += self.bound(term, session, entry.peaks);
                bound.terms |= bit(index);
            }
        }
        bounds.retain(|bound| bound.worth > 0.0);
        bounds
    }

    /// What a term is worth in a session at most.
    fn bound(&self, term: &Term<'_>, session: &Session, peaks: [u8; 4]) -> f32 {
        let most = |peak: u8| match peak {
            u8::MAX => COUNT_UNKNOWN,
            peak => f32::from(peak),
        };
        let windows = (0..3).map(|scale| {
            let (shortest, mean) = (session.shortest[scale], self.means[scale]);
            term.weights[scale] * saturation(most(peaks[scale]), shortest, mean)
        });
        let of_session = saturation(most(peaks[3]), session.length, self.session_mean);
        windows.sum::<f32>() + term.weights[3] * of_session
    }

    /// `scores` is room to count in.
    fn look_into(&self, bound: Bound, scores: &mut Vec<[f32; 4]>, best: &mut Best<'a>) {
        let session = &self.segment.sessions[bound.session as usize];
        let positions = session.documents.len();
        scores.clear();
        scores.resize(positions, [0.0; 4]);
        let mut of_session = 0.0;
        for (index, term) in self.terms.iter().enumerate() {
            if index < BITS && bound.terms & bit(index) == 0 {
                continue;
            }
            let postings = session.postings(term.number);
            for (scale, reach) in REACHES.into_iter().enumerate() {
                let (weight, mean) = (term.weights[scale], self.means[scale]);
                spread(postings, reach, positions, |position, count| {
                    let length = session.windows[position][scale];
                    scores[position][scale] += weight * saturation(count as f32, length, mean);
                });
            }
            let count: usize = postings.iter().map(|p| p.count()).sum();
            let worth = saturation(count as f32, session.length, self.session_mean);
            of_session += term.weights[3] * worth;
        }
        for (position, &[own, near, around, _]) in scores.iter().enumerate() {
            let found = Found {
                session,
                position,
                scores: [own, near, around, of_session],
            };
            if best.has_room_for(&found) && self.filter.admits(&session.documents[position].facets)
            {
                best.add(found);
            }
        }
    }

    fn hit(&self, found: &Found<'_>) -> TextHit {
        let Found {
            session, position, ..
        } = *found;
        let has = |term: &&Term<'_>| {
            let postings = session.postings(term.number).iter();
            postings.map(|p| p.position()).any(|p| p == position)
        };
        TextHit {
            id: found.id().clone(),
            scores: found.scores,
            terms: self
                .terms
                .iter()
                .filter(has)
                .map(|t| t.text.clone())
                .collect(),
        }
    }
}

impl Found<'_> {
    fn id(&self) -> &RecordId {
        &self.session.documents[self.position].id
    }

    fn score(&self) -> f32 {
        self.scores.iter().sum()
    }

    /// Best first; equal ones by id.
    fn rank(&self, other: &Self) -> Ordering {
        let by_score = other.score().total_cmp(&self.score());
        by_score.then_with(|| self.id().cmp(other.id()))
    }
}

impl<'a> Best<'a> {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            found: Vec::new(),
            worst: 0.0,
        }
    }

    fn has_room_for(&self, found: &Found<'_>) -> bool {
        found.score() >= self.worst
    }

    fn add(&mut self, found: Found<'a>) {
        self.found.push(found);
        if self.found.len() >= self.limit.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.found.len() <= self.limit {
            return;
        }
        self.found
            .select_nth_unstable_by(self.limit - 1, Found::rank);
        self.found.truncate(self.limit);
        self.worst = self.found[self.limit - 1].score();
    }

    fn into_sorted(mut self) -> Vec<Found<'a>> {
        self.cut();
        self.found.sort_unstable_by(Found::rank);
        self.found
    }
}

/// The bit of a term, none beyond the first ones.
fn bit(index: usize) -> u64 {
    if index < BITS { 1 << index } else { 0 }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.worth
            .total_cmp(&other.worth)
            .then_with(|| other.session.cmp(&self.session))
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}
