//! Recall: choose the records that matter to a question.
//!
//! Each channel scores the candidates of all channels; scores become z-scores, so that channels of
//! different units add up, and priors are added in the same unit. Equal scores order newest first,
//! then by id, so that the same store always answers the same. One set of constants serves every
//! store.

mod aging;
mod fuse;
pub(crate) mod hop;
mod meaning;
mod period;
mod priors;
mod query;
pub(crate) mod reply;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::Serialize;

pub use query::Query;

pub(crate) use fuse::{Candidate, fuse};
pub(crate) use meaning::Similar;
pub(crate) use priors::Priors;

use crate::{Record, RecordId};

/// A cosine below this does not make a record relevant when they share no word. Of a question and an
/// unrelated short sentence, one pair in six hundred reaches it (2,450 pairs about everyday things,
/// all-MiniLM-L6-v2 distilled to static vectors); of a question and its answer in other words, one in
/// four.
pub(crate) const COSINE_MIN: f32 = 0.5;
/// Candidates that words contribute at most, and meanings. Words beyond the first two hundred only
/// blur what a score is worth (R@10 .784 with 200 of 600 turns, .776 with all, on LoCoMo's development
/// half by words alone); of meanings, the rest says how unlike the others are (.803 with all, .792 with
/// 200).
pub(crate) const WORDS_MAX: usize = 200;
pub(crate) const MEANINGS_MAX: usize = 1000;

/// What was recalled.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recall {
    /// Best first; empty when nothing is relevant.
    pub items: Vec<Recalled>,
    /// How to behave, whatever the question: the standing instructions of the scope, oldest first.
    pub instructions: Vec<Record>,
    /// Channels that could not be asked: what they alone would have found is not here.
    pub missing: Vec<Channel>,
}

/// A record, and why it was recalled.
#[derive(Clone, Debug, Serialize)]
pub struct Recalled {
    /// The record.
    pub record: Record,
    /// Comparable within one recall only.
    pub score: f32,
    /// What the score is made of.
    pub why: Why,
}

/// Why a record was recalled.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Why {
    /// What each channel added to the score, in standard deviations.
    pub channels: Vec<(Channel, f32)>,
    /// Stems of the query that the record shares.
    pub terms: Vec<String>,
    /// How alike the meanings are, -1 to 1; `None` where meanings were not compared.
    pub cosine: Option<f32>,
}

/// A reason to rank a record higher or lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// Words of the record.
    Turn,
    /// Words of it and one neighbour on each side.
    Near,
    /// Words of it and three neighbours on each side.
    Around,
    /// Words of its session.
    Session,
    /// Meaning, by embedding.
    Dense,
    /// The closest meaning among it and one neighbour on each side.
    DenseNear,
    /// The closest meaning in its session.
    DenseSession,
    /// The query names who said it.
    Speaker,
    /// It asks, and so does not tell.
    Question,
    /// It was said when the query asks about.
    Time,
    /// It follows a question that shares words with the query.
    Reply,
    /// It shares a name with what the query found first.
    Hop,
    /// It is new or was of use lately, or it is neither.
    Recency,
    /// It matters more than others, or less.
    Importance,
}

impl Channel {
    /// Those that an index of words answers.
    pub(crate) const WORDS: [Self; 4] = [Self::Turn, Self::Near, Self::Around, Self::Session];
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Turn => "turn",
            Self::Near => "near",
            Self::Around => "around",
            Self::Session => "session",
            Self::Dense => "dense",
            Self::DenseNear => "dense_near",
            Self::DenseSession => "dense_session",
            Self::Speaker => "speaker",
            Self::Question => "question",
            Self::Time => "time",
            Self::Reply => "reply",
            Self::Hop => "hop",
            Self::Recency => "recency",
            Self::Importance => "importance",
        })
    }
}

/// Gives candidates their records and priors, and drops what is not relevant. A candidate without a
/// record was deleted meanwhile.
pub(crate) fn rank(
    query: &Query,
    candidates: Vec<Candidate>,
    records: Vec<Record>,
    now: i64,
) -> Vec<Recalled> {
    let priors = Priors::of(query.text(), now);
    let mut records: HashMap<RecordId, Record> = records
        .into_iter()
        .map(|record| (record.id.clone(), record))
        .collect();
    let relevant = candidates
        .into_iter()
        .filter(|c| !query.has_floor() || c.is_relevant());
    relevant
        .filter_map(|candidate| {
            let record = records.remove(&candidate.id)?;
            Some(recalled(candidate, record, &priors))
        })
        .collect()
}

/// Drops what scores too low, lets the rest age, and orders it.
pub(crate) fn finish(query: &Query, mut items: Vec<Recalled>, now: i64) -> Vec<Recalled> {
    items.retain(|item| query.score_floor().is_none_or(|floor| item.score >= floor));
    if query.ages() {
        aging::weigh(&mut items, now);
    }
    items.sort_by(|a, b| {
        let newest_first = || (b.record.at, &b.record.id).cmp(&(a.record.at, &a.record.id));
        b.score.total_cmp(&a.score).then_with(newest_first)
    });
    let Range { start, end } = query.places();
    items.truncate(end);
    items.drain(..start.min(items.len()));
    items
}

fn recalled(candidate: Candidate, record: Record, priors: &Priors) -> Recalled {
    let mut why = candidate.why;
    why.channels
        .extend(priors.apply(&record, why.channels.len()));
    Recalled {
        score: why.channels.iter().map(|(_, score)| score).sum(),
        record,
        why,
    }
}

impl Recalled {
    /// What a channel added to the score.
    fn worth(&self, of: Channel) -> f32 {
        let channels = self.why.channels.iter();
        channels
            .filter(|(channel, _)| *channel == of)
            .map(|(_, score)| score)
            .sum()
    }

    /// Adds a reason, and what it is worth.
    fn add(&mut self, channel: Channel, score: f32) {
        self.why.channels.push((channel, score));
        self.score = self.why.channels.iter().map(|(_, score)| score).sum();
    }
}
