//! Sums of z-scores over the union of what the channels found.
//!
//! Score fusion keeps how much better a candidate is, which rank fusion throws away.

use std::collections::BTreeMap;

use super::{COSINE_MIN, Channel, Why};
use crate::{RecordId, TextHit};

/// The channels that a text index scores, in the order of [`TextHit::scores`].
const LEXICAL: [Channel; 4] = [
    Channel::Turn,
    Channel::Near,
    Channel::Around,
    Channel::Session,
];

/// A record that some channel found.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) id: RecordId,
    pub(crate) why: Why,
    /// A word is shared by it or by a neighbour.
    is_near_words: bool,
}

impl Candidate {
    /// A word in common with it or with its neighbours, or a meaning that is alike.
    pub(crate) fn is_relevant(&self) -> bool {
        self.is_near_words || self.why.cosine.is_some_and(|cosine| cosine >= COSINE_MIN)
    }

    pub(crate) fn score(&self) -> f32 {
        self.why.channels.iter().map(|(_, score)| score).sum()
    }
}

/// What is known of a candidate before scores are comparable.
#[derive(Default)]
struct Raw {
    lexical: [f32; 4],
    cosine: Option<f32>,
    terms: Vec<String>,
}

/// Every candidate with its score from each channel, best first.
pub(crate) fn fuse(hits: Vec<TextHit>, similar: Option<Vec<(RecordId, f32)>>) -> Vec<Candidate> {
    let has_dense = similar.is_some();
    let raws = union(hits, similar.unwrap_or_default());
    let mut columns: Vec<(Channel, Vec<f32>)> = Vec::new();
    for (i, channel) in LEXICAL.into_iter().enumerate() {
        let scores = raws.values().map(|raw| raw.lexical[i]).collect();
        columns.push((channel, standardise(scores)));
    }
    if has_dense {
        columns.push((Channel::Dense, standardise(cosines(&raws))));
    }
    let mut candidates: Vec<Candidate> = raws
        .into_iter()
        .enumerate()
        .map(|(row, (id, raw))| candidate(id, raw, columns.iter().map(|(c, z)| (*c, z[row]))))
        .collect();
    candidates.sort_by(|a, b| b.score().total_cmp(&a.score()));
    candidates
}

fn candidate(id: RecordId, raw: Raw, scores: impl Iterator<Item = (Channel, f32)>) -> Candidate {
    let [turn, near, around, _session] = raw.lexical;
    Candidate {
        id,
        is_near_words: turn + near + around > 0.0,
        why: Why {
            channels: scores.collect(),
            terms: raw.terms,
            cosine: raw.cosine,
        },
    }
}

fn union(hits: Vec<TextHit>, similar: Vec<(RecordId, f32)>) -> BTreeMap<RecordId, Raw> {
    let mut raws: BTreeMap<RecordId, Raw> = BTreeMap::new();
    for hit in hits {
        let raw = raws.entry(hit.id).or_default();
        raw.lexical = hit.scores;
        raw.terms = hit.terms;
    }
    for (id, cosine) in similar {
        raws.entry(id).or_default().cosine = Some(cosine);
    }
    raws
}

/// A candidate that the vector index left out is no more alike than the last it gave.
fn cosines(raws: &BTreeMap<RecordId, Raw>) -> Vec<f32> {
    let known = raws.values().filter_map(|raw| raw.cosine);
    let lowest = known.fold(f32::INFINITY, f32::min);
    let lowest = if lowest.is_finite() { lowest } else { 0.0 };
    raws.values()
        .map(|raw| raw.cosine.unwrap_or(lowest))
        .collect()
}

/// How many standard deviations each score lies from the mean; zeros where all are equal.
fn standardise(scores: Vec<f32>) -> Vec<f32> {
    let count = scores.len().max(1) as f32;
    let mean = scores.iter().sum::<f32>() / count;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / count;
    let deviation = variance.sqrt();
    let z = |score: f32| {
        if deviation > f32::EPSILON {
            (score - mean) / deviation
        } else {
            0.0
        }
    };
    scores.into_iter().map(z).collect()
}
