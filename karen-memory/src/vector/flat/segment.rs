//! The vectors of one user, in rows that lie side by side.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::ops::Range;
use std::sync::OnceLock;
use std::thread;

use super::signs::Signs;
use crate::segments::{self, Change, Source, put_facets, put_text};
use crate::vector::VectorChange;
use crate::{Facets, Filter, RecordId, SessionId};

/// Sums of products of codes stay below this.
const SUM_MAX: usize = i32::MAX as usize;
/// Rows that are scored before any is compared.
const CHUNK: usize = 256;
/// Rows that are all scored by codes: up to here that takes a millisecond or two.
const SCORED_MAX: usize = 65_536;
/// Of more rows, those that are likeliest by their signs are scored: so many for each that is asked for,
const LIKELY: usize = 4;
/// and at least so many.
const LIKELY_MIN: usize = 1_000;
/// Rows for which a thread more is worth its start.
const SHARE_MIN: usize = 32_768;
/// Threads of a search at most: others may search too.
const THREADS_MAX: usize = 4;

/// Rows by number. A row that is deleted leaves its number to the next.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Numbers in a row.
    dim: usize,
    codes: Vec<i8>,
    /// What each row's codes are to be multiplied by.
    scales: Vec<f32>,
    /// Once there are more rows than are all scored.
    signs: Option<Signs>,
    rows: Vec<Option<Row>>,
    row_of: HashMap<RecordId, u32>,
    free: Vec<u32>,
    /// Rows that are not written as they are.
    changed: BTreeSet<u32>,
}

#[derive(Debug)]
struct Row {
    id: RecordId,
    facets: Facets,
}

/// A row, and how alike it is.
type Scored = (u32, f32);

impl Segment {
    pub(super) fn search(
        &self,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Vec<(RecordId, f32)> {
        if limit == 0 || self.dim == 0 {
            return Vec::new();
        }
        let (query, scale) = quantise(vector, self.dim, query_max(self.dim));
        let score = |number: usize| {
            let codes = &self.codes[number * self.dim..(number + 1) * self.dim];
            dot(codes, &query) as f32 * self.scales[number] * scale
        };
        let mut best = match &self.signs {
            Some(signs) => {
                let mut likely = self.likely(signs, vector, filter, limit);
                let scored = likely.iter_mut();
                scored.for_each(|(number, of)| *of = score(*number as usize));
                self.cut(&mut likely, limit);
                likely
            }
            None => self.best(filter, limit, &|rows: Range<usize>, scores: &mut [f32]| {
                scores
                    .iter_mut()
                    .zip(rows)
                    .for_each(|(to, row)| *to = score(row));
            }),
        };
        best.sort_unstable_by(|a, b| self.rank(a, b));
        let id = |number: u32| {
            self.rows[number as usize]
                .as_ref()
                .map(|row| row.id.clone())
        };
        let found = best.into_iter();
        found
            .filter_map(|(number, score)| Some((id(number)?, score)))
            .collect()
    }

    /// Rows among which the nearest are, by their signs; in the order in which their codes lie.
    fn likely(&self, signs: &Signs, vector: &[f32], filter: &Filter, limit: usize) -> Vec<Scored> {
        let query = signs.query(vector);
        let count = limit.saturating_mul(LIKELY).max(LIKELY_MIN);
        let estimate = |rows: Range<usize>, scores: &mut [f32]| {
            signs.estimate(&query, rows.clone(), scores);
            let scales = scores.iter_mut().zip(&self.scales[rows]);
            scales.for_each(|(score, scale)| *score *= scale);
        };
        let mut likely = self.best(filter, count, &estimate);
        likely.sort_unstable_by_key(|(number, _)| *number);
        likely
    }

    /// The admitted rows that `scores` puts first, in no particular order; each thread looks at a share.
    fn best(
        &self,
        filter: &Filter,
        limit: usize,
        scores: &(impl Fn(Range<usize>, &mut [f32]) + Sync),
    ) -> Vec<Scored> {
        let rows = self.rows.len();
        let share = share(rows);
        let shares = (0..rows).step_by(share.max(1));
        let mut shares = shares.map(|from| from..rows.min(from + share));
        let own = shares.next().unwrap_or_default();
        let mut best = thread::scope(|threads| {
            let look = |rows| move || self.best_of(rows, filter, limit, scores);
            let others: Vec<_> = shares.map(|rows| threads.spawn(look(rows))).collect();
            let mut best = look(own)();
            for other in others {
                best.extend(other.join().expect("scoring does not panic"));
            }
            best
        });
        self.cut(&mut best, limit);
        best
    }

    fn best_of(
        &self,
        rows: Range<usize>,
        filter: &Filter,
        limit: usize,
        scores: &impl Fn(Range<usize>, &mut [f32]),
    ) -> Vec<Scored> {
        let mut best: Vec<Scored> = Vec::with_capacity(limit.min(rows.len()) + CHUNK);
        let mut worst = f32::NEG_INFINITY;
        let mut scored = [0.0; CHUNK];
        for from in rows.clone().step_by(CHUNK) {
            let chunk = from..rows.end.min(from + CHUNK);
            let scored = &mut scored[..chunk.len()];
            scores(chunk, scored);
            for (number, score) in (from as u32..).zip(scored.iter().copied()) {
                if score < worst || !self.admits(number, filter) {
                    continue;
                }
                best.push((number, score));
                if best.len() >= limit.saturating_mul(2) {
                    self.cut(&mut best, limit);
                    worst = best[limit - 1].1;
                }
            }
        }
        self.cut(&mut best, limit);
        best
    }

    fn admits(&self, number: u32, filter: &Filter) -> bool {
        let row = self.rows[number as usize].as_ref();
        row.is_some_and(|row| filter.admits(&row.facets))
    }

    /// Leaves the best, the worst of them last.
    fn cut(&self, scored: &mut Vec<Scored>, limit: usize) {
        if scored.len() > limit {
            scored.select_nth_unstable_by(limit - 1, |a, b| self.rank(a, b));
            scored.truncate(limit);
        }
    }

    /// Best first; equal ones by id.
    fn rank(&self, a: &Scored, b: &Scored) -> Ordering {
        let id = |scored: &Scored| self.rows[scored.0 as usize].as_ref().map(|row| &row.id);
        b.1.total_cmp(&a.1).then_with(|| id(a).cmp(&id(b)))
    }

    fn put(&mut self, id: RecordId, facets: Facets, vector: &[f32]) {
        if self.rows.is_empty() {
            self.dim = vector.len();
        }
        let number = match self.row_of.get(&id) {
            Some(&number) => number,
            None => self.free.pop().unwrap_or_else(|| self.grow()),
        };
        let (codes, scale) = quantise(vector, self.dim, i8::MAX.into());
        for (to, code) in self.codes_mut(number).iter_mut().zip(codes) {
            *to = code as i8;
        }
        self.scales[number as usize] = scale;
        self.sign(number);
        self.row_of.insert(id.clone(), number);
        self.rows[number as usize] = Some(Row { id, facets });
        self.changed.insert(number);
    }

    /// A vector that is gone leaves zeros.
    fn delete(&mut self, id: &RecordId) {
        let Some(number) = self.row_of.remove(id) else {
            return;
        };
        self.codes_mut(number).fill(0);
        self.sign(number);
        self.rows[number as usize] = None;
        self.free.push(number);
        self.changed.insert(number);
    }

    fn grow(&mut self) -> u32 {
        let number = u32::try_from(self.rows.len()).expect("rows fit u32");
        self.rows.push(None);
        self.scales.push(0.0);
        self.codes.resize(self.rows.len() * self.dim, 0);
        number
    }

    /// Takes the signs of a row whose codes changed; of all, once they are many.
    fn sign(&mut self, number: u32) {
        let rows = self.rows.len();
        match &mut self.signs {
            Some(signs) => {
                signs.resize(rows);
                let from = number as usize * self.dim;
                signs.put(number, &self.codes[from..from + self.dim]);
            }
            None if rows > SCORED_MAX => self.signs = Some(Signs::of(&self.codes, self.dim)),
            None => {}
        }
    }

    fn codes_mut(&mut self, number: u32) -> &mut [i8] {
        let from = number as usize * self.dim;
        &mut self.codes[from..from + self.dim]
    }
}

impl segments::Segment for Segment {
    type Change = VectorChange;

    fn apply(&mut self, changes: Vec<VectorChange>) {
        for change in changes {
            match change {
                VectorChange::Put { id, facets, vector } => self.put(id, facets, &vector),
                VectorChange::Delete(id) => self.delete(&id),
            }
        }
    }

    fn take_changed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    fn parts(&self) -> Vec<u32> {
        let rows = (0..).zip(&self.rows);
        rows.filter(|(_, row)| row.is_some())
            .map(|(n, _)| n)
            .collect()
    }

    fn write(&self, part: u32, to: &mut Vec<u8>) {
        let Some(row) = &self.rows[part as usize] else {
            return;
        };
        to.extend(row.id.to_bytes());
        let session = row.facets.session.as_ref();
        put_text(to, session.map_or("", SessionId::as_str));
        to.push(u8::from(session.is_some()));
        put_facets(to, &row.facets);
        to.extend(self.scales[part as usize].to_le_bytes());
        let from = part as usize * self.dim;
        let codes = &self.codes[from..from + self.dim];
        to.extend(codes.iter().map(|code| code.cast_unsigned()));
    }

    fn read(&mut self, part: u32, from: &[u8]) -> Option<()> {
        let mut from = Source::new(from);
        let number = part as usize;
        if from.is_empty() {
            if number < self.rows.len() {
                self.codes_mut(part).fill(0);
                self.rows[number] = None;
            }
            return Some(());
        }
        let id = RecordId::of_bytes(from.array()?);
        let session = from.text()?;
        let session = (from.array()? == [1]).then(|| SessionId::new(session));
        let facets = from.facets(session.as_ref())?;
        let scale = from.f32()?;
        let codes = from.rest();
        if self.rows.is_empty() {
            self.dim = codes.len();
        }
        if codes.len() != self.dim {
            return None;
        }
        while number >= self.rows.len() {
            self.grow();
        }
        for (to, code) in self.codes_mut(part).iter_mut().zip(codes) {
            *to = code.cast_signed();
        }
        self.scales[number] = scale;
        self.rows[number] = Some(Row { id, facets });
        Some(())
    }

    fn complete(&mut self) -> Option<()> {
        for (number, row) in (0..).zip(&self.rows) {
            match row {
                Some(row) => drop(self.row_of.insert(row.id.clone(), number)),
                None => self.free.push(number),
            }
        }
        if self.rows.len() > SCORED_MAX {
            self.signs = Some(Signs::of(&self.codes, self.dim));
        }
        let is_known_once = self.row_of.len() + self.free.len() == self.rows.len();
        is_known_once.then_some(())
    }
}

impl Change for VectorChange {
    fn id(&self) -> &RecordId {
        match self {
            Self::Put { id, .. } | Self::Delete(id) => id,
        }
    }

    fn deletes(&self) -> bool {
        matches!(self, Self::Delete(_))
    }
}

/// Rows that each thread of a search looks at.
pub(super) fn share(rows: usize) -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = *CORES.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get));
    let threads = (rows / SHARE_MIN).clamp(1, cores.min(THREADS_MAX));
    rows.div_ceil(threads)
}

/// The largest code of a query, so that no sum of products overflows.
fn query_max(dim: usize) -> i16 {
    let largest = SUM_MAX / (dim * i8::MAX as usize);
    i16::try_from(largest).unwrap_or(i16::MAX)
}

/// `dim` codes of up to `code_max`, and what they are to be multiplied by.
fn quantise(vector: &[f32], dim: usize, code_max: i16) -> (Vec<i16>, f32) {
    let largest = vector.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
    let scale = largest / f32::from(code_max);
    let code = |v: &f32| match scale > 0.0 {
        true => (v / scale).round() as i16,
        false => 0,
    };
    let mut codes: Vec<i16> = vector.iter().map(code).collect();
    codes.resize(dim, 0);
    (codes, scale)
}

/// Written so that a compiler multiplies eight pairs at once.
fn dot(codes: &[i8], query: &[i16]) -> i32 {
    let products = codes.iter().zip(query);
    products
        .map(|(code, q)| i32::from(*code) * i32::from(*q))
        .sum()
}

#[cfg(test)]
mod tests;
