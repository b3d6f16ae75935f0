//! What a fact claims, read from its grammar: who, which relation, what.
//!
//! Precision comes before recall: a sentence that hedges, plans, tells of the past, quotes, or says
//! anything that the patterns do not know claims nothing, and retires nothing. Similarity is never
//! asked (Graphiti retired half the facts of one group by it).

mod lexicon;
mod parse;

use crate::{Record, RecordKind};

/// One relation of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The speaker, a name, or somebody of theirs.
    subject: String,
    predicate: String,
    object: Vec<String>,
    /// What the object took the place of, where the sentence says so.
    replaces: Option<Vec<String>>,
    polarity: Polarity,
    /// The relation has one object at a time.
    is_functional: bool,
    /// Only one can be meant by the subject.
    is_certain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    Holds,
    Denied,
    /// It held, and does no longer.
    Ended,
}

/// What a later claim does to an earlier one of the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Both can be true.
    Compatible,
    /// The earlier one holds no longer.
    Supersedes,
    /// Not both are true, and nothing says which.
    Conflicts,
}

impl Claim {
    /// What a fact claims; `None` for what no pattern knows.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let is_open = record.lifetime.valid_to.is_none();
        let is_fact = record.kind == RecordKind::Fact;
        (is_fact && is_open).then(|| parse::parse(&record.text, &record.speaker))?
    }

    /// Claims that may bear on one another have the same.
    pub(crate) fn slot(&self) -> String {
        format!("{}|{}", self.subject, self.predicate)
    }

    /// What this does to an `old` claim of the same slot; `is_later` if it holds from a later time.
    pub(crate) fn judge(&self, old: &Self, is_later: bool) -> Judgement {
        let decided = if self.is_certain && old.is_certain && is_later {
            Judgement::Supersedes
        } else {
            Judgement::Conflicts
        };
        let same = is_same(&self.object, &old.object);
        match (self.polarity, old.polarity) {
            (Polarity::Holds, Polarity::Holds) => match &self.replaces {
                _ if same => Judgement::Compatible,
                Some(place) if is_same(place, &old.object) => decided,
                Some(_) if self.is_functional => Judgement::Conflicts,
                None if self.is_functional => decided,
                _ => Judgement::Compatible,
            },
            _ if !same => Judgement::Compatible,
            // Who stopped drinking cold coffee may drink it hot.
            (Polarity::Ended | Polarity::Denied, _) if !is_within(&self.object, &old.object) => {
                Judgement::Compatible
            }
            (Polarity::Ended, Polarity::Holds) | (Polarity::Holds, Polarity::Ended) => decided,
            (Polarity::Denied, Polarity::Holds) | (Polarity::Holds, Polarity::Denied) => {
                match self.is_functional {
                    true => decided,
                    false => Judgement::Conflicts,
                }
            }
            _ => Judgement::Compatible,
        }
    }
}

/// One names the other, perhaps more closely: Berlin, and Berlin in Germany.
fn is_same(a: &[String], b: &[String]) -> bool {
    is_within(a, b) || is_within(b, a)
}

fn is_within(part: &[String], whole: &[String]) -> bool {
    part.iter().all(|word| whole.contains(word))
}

#[cfg(test)]
mod tests;
