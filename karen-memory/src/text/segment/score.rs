//! BM25 of a query at the four scales, of those records alone that can be among the best.
//!
//! What a word can be worth in a session is bounded by the most that it counts in any window there and
//! by the shortest window. Sessions are looked into in the order of their bounds, until the next one
//! cannot better the worst of the answers: the answers are those of a search through everything.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::iter;

use super::dictionary::Word;
use super::entry::{Entry, Start};
use super::session::{Posting, Session, spread};
use super::{REACHES, Segment, SessionNumber};
use crate::text::TextHit;
use crate::text::analysis::stems;
use crate::text::bm25::{Norm, idf, saturation};
use crate::{Filter, RecordId};

/// Sums of the same numbers in another order differ by less than this share.
const ROUNDING: f32 = 1.0001;

/// Sessions that are looked into before the others are cut and sorted again.
const CHUNK: usize = 512;

/// Records of a session whose counts are written out, so that a core takes several at once.
const DENSE_MAX: usize = 64;
/// Room beside them for the windows of the first and the last.
const EDGE: usize = REACHES[2];

/// Records in a window of a scale.
const fn width(scale: usize) -> usize {
    2 * REACHES[scale] + 1
}

/// Terms of which it is noted where they begin; those after them are searched for.
const NOTED: usize = 64;

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
    /// At the three scales of windows, and of sessions.
    norms: [Norm; 4],
}

/// What is known of a session before it is looked into.
#[derive(Clone, Copy, Debug, Default)]
struct Bound {
    /// What its best record is worth at most.
    worth: f32,
    session: SessionNumber,
}

/// Where the postings of the first terms begin, in each session.
struct Starts {
    terms: usize,
    starts: Vec<Start>,
}

/// What the records of a session are worth, by position, at each scale of windows.
#[derive(Default)]
struct Sums {
    of: [Vec<f32>; 3],
}

/// A record that shares a word.
struct Found<'a> {
    number: SessionNumber,
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
        norms: segment.totals.means().map(Norm::new),
    };
    let (bounds, starts) = search.bounds();
    let best = search.best(bounds, &starts, limit);
    best.iter()
        .map(|found| search.hit(found, &starts))
        .collect()
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
    /// The best of the sessions that `bounds` are of.
    fn best(&self, mut bounds: Vec<Bound>, starts: &Starts, limit: usize) -> Vec<Found<'a>> {
        let mut best = Best::new(limit);
        let mut sums = Sums::default();
        while !bounds.is_empty() {
            for bound in take_best(&mut bounds, CHUNK) {
                if best.may_hold(&bound) {
                    self.look_into(bound.session, starts, &mut sums, &mut best);
                }
            }
            best.cut();
            bounds.retain(|bound| best.may_hold(bound));
        }
        best.into_sorted()
    }

    /// The sessions that have a word of the query.
    fn bounds(&self) -> (Vec<Bound>, Starts) {
        let norms: Vec<[f32; 4]> = self.segment.least.iter().map(|l| self.norms(l)).collect();
        let session = |session| Bound {
            worth: 0.0,
            session,
        };
        let mut bounds: Vec<Bound> = (0..).take(norms.len()).map(session).collect();
        let mut starts = Starts::new(self.terms.len().min(NOTED), norms.len());
        for (index, term) in self.terms.iter().enumerate() {
            for entry in &term.word.sessions {
                let number = entry.session as usize;
                bounds[number].worth += term.worth(entry.most(), norms[number]);
                starts.note(entry, index);
            }
        }
        bounds.retain(|bound| bound.worth > 0.0);
        (bounds, starts)
    }

    fn norms(&self, lengths: &[f32; 4]) -> [f32; 4] {
        [0, 1, 2, 3].map(|scale| self.norms[scale].of(lengths[scale]))
    }

    /// `sums` is room to add in.
    fn look_into(
        &self,
        number: SessionNumber,
        starts: &Starts,
        sums: &mut Sums,
        best: &mut Best<'a>,
    ) {
        let session = &self.segment.sessions[number as usize];
        session.fetch(starts.of(number).take(self.terms.len()));
        sums.clear(session.documents.len());
        let mut of_session = 0.0;
        for (term, start) in self.terms.iter().zip(starts.of(number)) {
            let postings = session.postings(term.number, start);
            if !postings.is_empty() {
                sums.add(term, session, postings, &self.norms);
                let count: usize = postings.iter().map(|p| p.count()).sum();
                let norm = self.norms[3].of(session.length);
                of_session += term.weights[3] * saturation(count as f32, norm);
            }
        }
        for (position, document) in session.documents.iter().enumerate() {
            let found = Found {
                number,
                session,
                position,
                scores: sums.scores(position, of_session),
            };
            if best.has_room_for(&found) && self.filter.admits(&document.facets) {
                best.add(found);
            }
        }
    }

    fn hit(&self, found: &Found<'_>, starts: &Starts) -> TextHit {
        let has = |term: &Term<'_>, start: Start| {
            let postings = found.session.postings(term.number, start).iter();
            postings.map(|p| p.position()).any(|p| p == found.position)
        };
        let terms = self.terms.iter().zip(starts.of(found.number));
        let shared = terms.filter(|(term, start)| has(term, *start));
        TextHit {
            id: found.id().clone(),
            scores: found.scores,
            terms: shared.map(|(term, _)| term.text.clone()).collect(),
        }
    }
}

impl Sums {
    /// Zeros for so many records.
    fn clear(&mut self, records: usize) {
        for sums in &mut self.of {
            sums.clear();
            sums.resize(records, 0.0);
        }
    }

    /// Adds what a term is worth to the records of a session.
    fn add(&mut self, term: &Term<'_>, session: &Session, postings: &[Posting], norms: &[Norm; 4]) {
        let records = session.documents.len();
        if records > DENSE_MAX {
            return self.add_sparsely(term, session, postings, norms);
        }
        let mut counts = [0.0; EDGE + DENSE_MAX + EDGE];
        for posting in postings {
            counts[EDGE + posting.position()] = posting.count() as f32;
        }
        let counts = &counts[..EDGE + records + EDGE];
        self.add_windows::<{ width(0) }>(0, term, session, counts, norms);
        self.add_windows::<{ width(1) }>(1, term, session, counts, norms);
        self.add_windows::<{ width(2) }>(2, term, session, counts, norms);
    }

    /// Adds at one scale, whose windows are `WIDTH` records wide. There are [`EDGE`] zeros on either
    /// side of the records' counts.
    fn add_windows<const WIDTH: usize>(
        &mut self,
        scale: usize,
        term: &Term<'_>,
        session: &Session,
        counts: &[f32],
        norms: &[Norm; 4],
    ) {
        let (weight, norm) = (term.weights[scale], norms[scale]);
        let windows = counts[EDGE - WIDTH / 2..].array_windows::<WIDTH>();
        let sums = self.of[scale].iter_mut().zip(session.windows(scale));
        for ((sum, length), window) in sums.zip(windows) {
            let count = window.iter().sum();
            *sum += weight * saturation(count, norm.of(*length));
        }
    }

    /// The same, for sessions in which most words are far between.
    fn add_sparsely(
        &mut self,
        term: &Term<'_>,
        session: &Session,
        postings: &[Posting],
        norms: &[Norm; 4],
    ) {
        for (scale, reach) in REACHES.into_iter().enumerate() {
            let (weight, norm) = (term.weights[scale], norms[scale]);
            let (sums, windows) = (&mut self.of[scale], session.windows(scale));
            spread(postings, reach, windows.len(), |position, count| {
                let norm = norm.of(windows[position]);
                sums[position] += weight * saturation(count as f32, norm);
            });
        }
    }

    fn scores(&self, position: usize, of_session: f32) -> [f32; 4] {
        let [own, near, around] = [0, 1, 2].map(|scale: usize| self.of[scale][position]);
        [own, near, around, of_session]
    }
}

impl Term<'_> {
    /// What so many occurrences are worth at each scale, together.
    fn worth(&self, counts: [f32; 4], norms: [f32; 4]) -> f32 {
        let worth = |i: usize| self.weights[i] * saturation(counts[i], norms[i]);
        let [own, near, around, session] = [0, 1, 2, 3].map(worth);
        own + near + around + session
    }
}

impl Starts {
    fn new(terms: usize, sessions: usize) -> Self {
        Self {
            terms,
            starts: vec![Start::NONE; terms * sessions],
        }
    }

    fn note(&mut self, entry: &Entry, term: usize) {
        if term < self.terms {
            self.starts[entry.session as usize * self.terms + term] = entry.start;
        }
    }

    /// One for each term of the query.
    fn of(&self, session: SessionNumber) -> impl Iterator<Item = Start> {
        let noted = &self.starts[session as usize * self.terms..][..self.terms];
        noted.iter().copied().chain(iter::repeat(Start::FAR))
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

    fn may_hold(&self, bound: &Bound) -> bool {
        bound.worth * ROUNDING >= self.worst
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

/// Takes out those of the greatest worth, the best first.
fn take_best(bounds: &mut Vec<Bound>, count: usize) -> Vec<Bound> {
    let left = bounds.len().saturating_sub(count);
    if left > 0 {
        bounds.select_nth_unstable_by(left, |a, b| a.rank(b));
    }
    let mut best = bounds.split_off(left);
    best.sort_unstable_by(|a, b| b.rank(a));
    best
}

impl Bound {
    fn rank(&self, other: &Self) -> Ordering {
        let by_worth = self.worth.total_cmp(&other.worth);
        by_worth.then_with(|| other.session.cmp(&self.session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordKind;
    use crate::testing::facets;
    use crate::text::TextChange;

    #[test]
    fn words_are_worth_the_same_whether_counts_are_written_out_or_not() {
        let mut segment = Segment::default();
        let turn = |at: usize| TextChange::Put {
            id: RecordId::fresh(),
            facets: facets(RecordKind::Turn, Some("s"), None),
            at: at as i64,
            text: format!(
                "lantern {} w{} w{}",
                "boat ".repeat(at % 4),
                at % 7,
                at * at % 11
            ),
        };
        segment.apply((0..DENSE_MAX).map(turn).collect());
        let norms = segment.totals.means().map(Norm::new);
        let session = &segment.sessions[0];
        let (mut dense, mut sparse) = (Sums::default(), Sums::default());
        dense.clear(DENSE_MAX);
        sparse.clear(DENSE_MAX);
        for term in terms(&segment, "lantern boat w0 w3 w4 w9") {
            let postings = session.postings(term.number, Start::FAR);
            dense.add(&term, session, postings, &norms);
            sparse.add_sparsely(&term, session, postings, &norms);
        }
        assert!(dense.of[2].iter().all(|sum| *sum > 0.0));
        assert_eq!(dense.of, sparse.of);
    }
}
