//! Sums of z-scores over the union of what the channels found.
//!
//! Score fusion keeps how much better a candidate is, which rank fusion throws away.

use std::collections::BTreeMap;

use super::meaning::{Meanings, Similar};
use super::{COSINE_MIN, Channel, Why};
use crate::{RecordId, TextHit};

/// The channels that a text index scores, in the order of [`TextHit::scores`].
const WORDS: [Channel; 4] = [
    Channel::Turn,
    Channel::Near,
    Channel::Around,
    Channel::Session,
];
/// The channels of meaning, in the order of [`Meanings::scales`].
const MEANING: [Channel; 3] = [Channel::Dense, Channel::DenseNear, Channel::DenseSession];

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
struct Raw {
    id: RecordId,
    words: [f32; 4],
    cosine: Option<f32>,
    terms: Vec<String>,
}

/// Every candidate with its score from each channel, best first. `None` for meaning leaves its
/// channels out.
pub(crate) fn fuse(hits: Vec<TextHit>, similar: Option<Vec<Similar>>) -> Vec<Candidate> {
    let meanings = similar.map(Meanings::of);
    let raws = union(hits, meanings.as_ref());
    let columns = columns(&raws, meanings.as_ref());
    let mut candidates: Vec<Candidate> = raws
        .into_iter()
        .enumerate()
        .map(|(row, raw)| candidate(raw, columns.iter().map(|(c, z)| (*c, z[row]))))
        .collect();
    candidates.sort_by(|a, b| b.score().total_cmp(&a.score()));
    candidates
}

/// The scores of each channel in standard deviations, a number for each candidate.
fn columns(raws: &[Raw], meanings: Option<&Meanings>) -> Vec<(Channel, Vec<f32>)> {
    let mut columns: Vec<(Channel, Vec<f32>)> = Vec::new();
    for (i, channel) in WORDS.into_iter().enumerate() {
        let scores = raws.iter().map(|raw| raw.words[i]).collect();
        columns.push((channel, standardise(scores)));
    }
    let Some(meanings) = meanings else {
        return columns;
    };
    let scales: Vec<[f32; 3]> = raws.iter().map(|raw| meanings.scales(&raw.id)).collect();
    for (i, channel) in MEANING.into_iter().enumerate() {
        let scores = scales.iter().map(|scale| scale[i]).collect();
        columns.push((channel, standardise(scores)));
    }
    columns
}

fn candidate(raw: Raw, scores: impl Iterator<Item = (Channel, f32)>) -> Candidate {
    let [turn, near, around, _session] = raw.words;
    Candidate {
        id: raw.id,
        is_near_words: turn + near + around > 0.0,
        why: Why {
            channels: scores.collect(),
            terms: raw.terms,
            cosine: raw.cosine,
        },
    }
}

/// The candidates of all channels, in the order of their ids.
fn union(hits: Vec<TextHit>, meanings: Option<&Meanings>) -> Vec<Raw> {
    let mut hits: BTreeMap<RecordId, TextHit> =
        hits.into_iter().map(|hit| (hit.id.clone(), hit)).collect();
    for id in meanings.into_iter().flat_map(Meanings::ids) {
        hits.entry(id.clone()).or_insert_with(|| TextHit {
            id: id.clone(),
            scores: [0.0; 4],
            terms: Vec::new(),
        });
    }
    let raw = |(id, hit): (RecordId, TextHit)| Raw {
        cosine: meanings.and_then(|meanings| meanings.cosine(&id)),
        id,
        words: hit.scores,
        terms: hit.terms,
    };
    hits.into_iter().map(raw).collect()
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
