//! What is remembered.

mod lifetime;
mod new;
mod remembered;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

pub use lifetime::{Lifetime, Usage};
pub use new::{NewRecord, Turn};
pub use remembered::{Refusal, Remembered};

use crate::{AgentId, RecordId, SessionId};

/// One thing remembered, verbatim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Names it within its scope.
    pub id: RecordId,
    /// How it came about.
    pub kind: RecordKind,
    /// The session it was said in; facts may have none.
    pub session: Option<SessionId>,
    /// The assistant or program that wrote it, where several share a memory.
    pub agent: Option<AgentId>,
    /// Who said it.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// What a picture beside it shows.
    pub caption: Option<String>,
    /// Labels of the caller's.
    pub tags: Vec<String>,
    /// What it was made from, such as a message's id.
    pub source: Option<String>,
    /// Unix milliseconds when it was said.
    pub at: i64,
    /// How much it matters, 0 to 1; [`Record::IMPORTANCE_DEFAULT`] unless somebody said.
    pub importance: f32,
    /// Never ages, and is never cleaned up.
    pub pinned: bool,
    /// When it holds, and when that was known.
    #[serde(flatten)]
    pub lifetime: Lifetime,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
    /// How often it was of use.
    pub usage: Usage,
    /// The caller's own; ranking does not look at it.
    pub metadata: Map<String, Value>,
}

/// How a record came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RecordKind {
    /// A note somebody asked to keep.
    Fact,
    /// Something said in a session.
    Turn,
    /// How to behave from now on, such as "always answer in French". Every recall brings it.
    Instruction,
    /// What several records have in common, made by consolidation; the records stay.
    Summary,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Fact, Self::Turn, Self::Instruction, Self::Summary];

    /// The name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Turn => "turn",
            Self::Instruction => "instruction",
            Self::Summary => "summary",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Record {
    /// The importance of what nobody rated.
    pub const IMPORTANCE_DEFAULT: f32 = 0.5;

    /// Two records of a user with the same key are the same memory: a turn is known by its source, a
    /// summary by what it was made from, anything else by its words, whatever their case and spacing,
    /// and by the end that was told with it.
    ///
    /// A fact that no longer holds gives its key up, so that it can come true again.
    #[must_use]
    pub fn identity(&self) -> String {
        match (self.kind, &self.source) {
            (RecordKind::Turn | RecordKind::Summary, Some(source)) => format!("source:{source}"),
            (RecordKind::Instruction, _) => format!("instruction:{}", self.words_key()),
            _ => format!("text:{}", self.words_key()),
        }
    }

    fn words_key(&self) -> String {
        let words = digest(&self.text);
        match (self.lifetime.retired_at, self.lifetime.valid_to) {
            (Some(_), _) => format!("{words}:{}", self.id),
            (None, Some(end)) => format!("{words}:{}:{end}", self.lifetime.valid_from),
            (None, None) => words,
        }
    }
}

fn digest(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let hash = Sha256::digest(words.join(" "));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
