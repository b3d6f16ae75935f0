//! What is remembered.

use std::fmt;

use karen_sql::now_ms;
use serde::Serialize;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::{RecordId, SessionId};

/// Who says a fact when nobody is named.
const SPEAKER_DEFAULT: &str = "user";

/// One thing remembered, verbatim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Names it within its scope.
    pub id: RecordId,
    /// How it came about.
    pub kind: RecordKind,
    /// The session it was said in; facts may have none.
    pub session: Option<SessionId>,
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
}

/// How a record came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RecordKind {
    /// A note somebody asked to keep.
    Fact,
    /// Something said in a session.
    Turn,
}

impl RecordKind {
    /// The name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Turn => "turn",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Record {
    /// Two records of a user with the same key are the same memory: a turn is known by its source,
    /// a fact by its words, whatever their case and spacing.
    #[must_use]
    pub fn identity(&self) -> String {
        match (self.kind, &self.source) {
            (RecordKind::Turn, Some(source)) => format!("source:{source}"),
            _ => format!("text:{}", digest(&self.text)),
        }
    }
}

fn digest(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let hash = Sha256::digest(words.join(" "));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record about to be remembered.
#[derive(Clone, Debug)]
pub struct NewRecord {
    text: String,
    speaker: String,
    tags: Vec<String>,
    source: Option<String>,
    at: Option<i64>,
}

impl NewRecord {
    /// A note, said by `user` at the present moment unless told otherwise.
    #[must_use]
    pub fn fact(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            speaker: SPEAKER_DEFAULT.to_owned(),
            tags: Vec::new(),
            source: None,
            at: None,
        }
    }

    /// Who said it.
    #[must_use]
    pub fn speaker(mut self, speaker: impl Into<String>) -> Self {
        self.speaker = speaker.into();
        self
    }

    /// Labels it.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// What it was made from.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Unix milliseconds when it was said.
    #[must_use]
    pub fn at(mut self, at: i64) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn into_record(self, session: Option<&SessionId>) -> Record {
        Record {
            id: RecordId::fresh(),
            kind: RecordKind::Fact,
            session: session.cloned(),
            speaker: self.speaker,
            text: self.text,
            caption: None,
            tags: self.tags,
            source: self.source,
            at: self.at.unwrap_or_else(now_ms),
        }
    }
}

/// Something said in a session, to be remembered verbatim.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The message it is; remembering it again changes nothing.
    pub source_id: String,
    /// The conversation it belongs to.
    pub session: SessionId,
    /// Who said it.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// What a picture beside it shows.
    pub caption: Option<String>,
    /// Unix milliseconds when it was said.
    pub at: i64,
}

impl From<Turn> for Record {
    fn from(turn: Turn) -> Self {
        Self {
            id: RecordId::fresh(),
            kind: RecordKind::Turn,
            session: Some(turn.session),
            speaker: turn.speaker,
            text: turn.text,
            caption: turn.caption,
            tags: Vec::new(),
            source: Some(turn.source_id),
            at: turn.at,
        }
    }
}

/// What came of remembering a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// The record that holds it, or held it before it was forgotten.
    pub id: RecordId,
    /// `false` when the same was remembered already, or is a turn that was forgotten.
    pub stored: bool,
    /// The record that it says again.
    pub reinforces: Option<RecordId>,
}
