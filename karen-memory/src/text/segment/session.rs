//! One session: its records in their order, and the postings of their words.

use std::hint::black_box;
use std::ops::Range;

use crate::{Facets, RecordId};

use super::REACHES;
use super::entry::Start;

/// More of one word in one record counts as this many: its weight grows no more by then.
const COUNT_MAX: usize = u8::MAX as usize;

/// A record as a search sees it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) id: RecordId,
    pub(super) facets: Facets,
    pub(super) at: i64,
    /// In words.
    pub(super) length: u32,
}

/// Records of one session, in time and then by id.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) name: String,
    pub(super) documents: Vec<Document>,
    /// By term, then by position.
    pub(super) postings: Vec<Posting>,
    /// Of each record's windows, in words: those of one scale side by side.
    windows: Vec<f32>,
    /// In words.
    pub(super) length: f32,
}

/// How often a term stands in the record at a position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posting {
    pub(super) term: u32,
    /// The position in the upper 24 bits, the count in the others: there is one for each word of each
    /// record.
    pub(super) place: u32,
}

/// What a term comes to in one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) term: u32,
    pub(super) start: Start,
    /// The most that it counts in a window at each scale, and in the session; 255 stands for more.
    pub(super) peaks: [u8; 4],
    /// Records whose window has it, at each scale.
    pub(super) documents: [u32; 3],
}

impl Document {
    pub(super) fn new(id: RecordId, facets: Facets, at: i64, length: usize) -> Self {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            id,
            facets,
            at,
            length,
        }
    }
}

impl Posting {
    fn new(term: u32, position: usize, count: usize) -> Self {
        let position = u32::try_from(position).expect("a session has fewer than 2^24 records");
        let count = u32::try_from(count.min(COUNT_MAX)).expect("capped");
        Self {
            term,
            place: position << 8 | count,
        }
    }

    pub(super) fn position(self) -> usize {
        (self.place >> 8) as usize
    }

    pub(super) fn count(self) -> usize {
        (self.place & 0xff) as usize
    }
}

impl Session {
    /// The postings of a term by position, from where they begin if that is known.
    pub(super) fn postings(&self, term: u32, start: Start) -> &[Posting] {
        if start == Start::NONE {
            return &[];
        }
        let search = || self.postings.partition_point(|p| p.term < term);
        let rest = &self.postings[start.index().unwrap_or_else(search)..];
        let after = rest.iter().position(|p| p.term != term);
        &rest[..after.unwrap_or(rest.len())]
    }

    /// Has the memory at these places brought to the core, all at once instead of one after the other.
    pub(super) fn fetch(&self, starts: impl Iterator<Item = Start>) {
        let places = starts.filter_map(|start| self.postings.get(start.index()?));
        black_box(places.fold(0, |all, posting| all ^ posting.term));
    }

    /// Where a record stands.
    pub(super) fn position(&self, at: i64, id: &RecordId) -> Option<usize> {
        let order = |d: &Document| (d.at, &d.id).cmp(&(at, id));
        self.documents.binary_search_by(order).ok()
    }

    /// What each term comes to, by term.
    pub(super) fn summaries(&self) -> impl Iterator<Item = Summary> {
        self.summaries_of(0..self.postings.len())
    }

    /// What the terms come to that have these postings, all of each term's.
    pub(super) fn summaries_of(&self, postings: Range<usize>) -> impl Iterator<Item = Summary> {
        let mut next = postings.start;
        let groups = self.postings[postings].chunk_by(|a, b| a.term == b.term);
        groups.map(move |postings| {
            let start = Start::new(next);
            next += postings.len();
            self.summarise(postings, start)
        })
    }

    /// The lengths of the records' windows at a scale, in words.
    pub(super) fn windows(&self, scale: usize) -> &[f32] {
        let records = self.documents.len();
        &self.windows[scale * records..][..records]
    }

    /// The lengths of all windows together, at each scale.
    pub(super) fn lengths(&self) -> [f64; 3] {
        let sum = |scale| self.windows(scale).iter().copied().map(f64::from).sum();
        [0, 1, 2].map(sum)
    }

    /// Takes records out.
    pub(super) fn remove(&mut self, ids: &[RecordId]) {
        if ids.is_empty() {
            return;
        }
        let is_kept = |d: &Document| !ids.contains(&d.id);
        let mut kept = 0..;
        let place = |d: &Document| is_kept(d).then(|| kept.next()).flatten();
        let moved: Vec<Option<usize>> = self.documents.iter().map(place).collect();
        self.documents.retain(is_kept);
        self.renumber(&moved);
        self.measure();
    }

    /// Puts records in, each with its words.
    pub(super) fn insert(
        &mut self,
        records: Vec<(Document, Vec<String>)>,
        mut number_of: impl FnMut(&str) -> u32,
    ) {
        if records.is_empty() {
            return;
        }
        let mut words = Vec::with_capacity(records.len());
        for (mut document, terms) in records {
            if let Some(first) = self.documents.first() {
                document.facets.session.clone_from(&first.facets.session);
            }
            words.push((document.at, document.id.clone(), terms));
            self.documents.push(document);
        }
        self.arrange();
        for (at, id, terms) in words {
            let mut terms: Vec<u32> = terms.iter().map(|term| number_of(term)).collect();
            terms.sort_unstable();
            let position = self.position(at, &id).expect("it was put in");
            let groups = terms.chunk_by(|a, b| a == b);
            let posting = |group: &[u32]| Posting::new(group[0], position, group.len());
            self.postings.extend(groups.map(posting));
        }
        self.postings.sort_unstable_by_key(|p| (p.term, p.place));
        self.postings.shrink_to_fit();
        self.measure();
    }

    /// Brings the records into their order, and the postings after them.
    fn arrange(&mut self) {
        let mut order: Vec<usize> = (0..self.documents.len()).collect();
        let key = |&i: &usize| (self.documents[i].at, &self.documents[i].id);
        if order.is_sorted_by_key(key) {
            return;
        }
        order.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut moved = vec![None; order.len()];
        for (to, &from) in order.iter().enumerate() {
            moved[from] = Some(to);
        }
        self.documents
            .sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        self.renumber(&moved);
        self.postings.sort_unstable_by_key(|p| (p.term, p.place));
    }

    /// Gives postings the positions to which their records have moved; those without one are gone.
    fn renumber(&mut self, moved: &[Option<usize>]) {
        let renumbered = |p: &Posting| Some(Posting::new(p.term, moved[p.position()]?, p.count()));
        self.postings = self.postings.iter().filter_map(renumbered).collect();
    }

    /// Takes the lengths of the records' windows.
    pub(super) fn measure(&mut self) {
        let own: Vec<f32> = self.documents.iter().map(|d| d.length as f32).collect();
        let around = |i: usize, reach: usize| {
            let window = i.saturating_sub(reach)..(i + reach + 1).min(own.len());
            own[window].iter().sum::<f32>()
        };
        let windows = REACHES
            .into_iter()
            .flat_map(|reach| (0..own.len()).map(move |i| (i, reach)));
        self.windows = windows.map(|(i, reach)| around(i, reach)).collect();
        self.length = own.iter().sum();
    }

    /// The length of the shortest window at each scale, and of the session, in words.
    pub(super) fn least(&self) -> [f32; 4] {
        let least = |scale| {
            self.windows(scale)
                .iter()
                .copied()
                .fold(f32::INFINITY, f32::min)
        };
        let [own, near, around] = [0, 1, 2].map(least);
        [own, near, around, self.length]
    }

    /// What a term comes to whose postings these are.
    fn summarise(&self, postings: &[Posting], start: Start) -> Summary {
        if let [once] = postings {
            return self.summarise_one(*once, start);
        }
        let mut peaks = [0; 4];
        let mut documents = [0; 3];
        for (scale, reach) in REACHES.into_iter().enumerate() {
            spread(postings, reach, self.documents.len(), |_, count| {
                peaks[scale] = peaks[scale].max(count);
                documents[scale] += 1;
            });
        }
        peaks[3] = postings.iter().map(|p| p.count()).sum();
        Summary {
            term: postings[0].term,
            start,
            peaks: peaks.map(|peak| u8::try_from(peak).unwrap_or(u8::MAX)),
            documents,
        }
    }

    /// Most words of a session are in one of its records.
    fn summarise_one(&self, posting: Posting, start: Start) -> Summary {
        let peak = u8::try_from(posting.count()).expect("counts are capped");
        let position = posting.position();
        let end = self.documents.len();
        let within =
            |reach: usize| (position + reach + 1).min(end) - position.saturating_sub(reach);
        Summary {
            term: posting.term,
            start,
            peaks: [peak; 4],
            documents: REACHES.map(|reach| within(reach) as u32),
        }
    }
}

/// Calls `each` with every position that a posting reaches, in order, and the count in its window.
pub(super) fn spread(
    postings: &[Posting],
    reach: usize,
    positions: usize,
    mut each: impl FnMut(usize, usize),
) {
    let mut next = 0;
    let mut first = 0;
    for posting in postings {
        let from = posting.position().saturating_sub(reach).max(next);
        next = (posting.position() + reach + 1).min(positions).max(from);
        for position in from..next {
            while postings[first].position() + reach < position {
                first += 1;
            }
            let within = postings[first..].iter();
            let within = within.take_while(|p| p.position() <= position + reach);
            each(position, within.map(|p| p.count()).sum());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_wherever_a_window_reaches_it() {
        let postings = [(1, 2), (2, 1), (7, 3)].map(|(p, c)| Posting::new(0, p, c));
        let spread_by = |reach| {
            let mut found = Vec::new();
            spread(&postings, reach, 9, |position, count| {
                found.push((position, count))
            });
            found
        };
        assert_eq!(spread_by(0), [(1, 2), (2, 1), (7, 3)]);
        assert_eq!(
            spread_by(1),
            [(0, 2), (1, 3), (2, 3), (3, 1), (6, 3), (7, 3), (8, 3)]
        );
        let expect = [
            (0, 3),
            (1, 3),
            (2, 3),
            (3, 3),
            (4, 6),
            (5, 4),
            (6, 3),
            (7, 3),
            (8, 3),
        ];
        assert_eq!(spread_by(3), expect);
    }
}
