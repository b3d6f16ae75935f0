//! Records about to be remembered.

use karen_sql::now_ms;
use serde_json::{Map, Value};

use super::{Lifetime, Record, RecordKind, Usage};
use crate::{RecordId, Scope, SessionId};

/// Who says a fact when nobody is named.
const SPEAKER_DEFAULT: &str = "user";

/// A record about to be remembered.
#[derive(Clone, Debug)]
pub struct NewRecord {
    kind: RecordKind,
    text: String,
    speaker: String,
    tags: Vec<String>,
    source: Option<String>,
    at: Option<i64>,
    importance: f32,
    pinned: bool,
    valid_from: Option<i64>,
    valid_to: Option<i64>,
    metadata: Map<String, Value>,
    pub(crate) key: Option<String>,
}

impl NewRecord {
    /// Bytes of an idempotency key at most.
    pub const KEY_BYTES_MAX: usize = 255;

    /// How many bytes its text has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// A note, said by `user` at the present moment unless told otherwise.
    #[must_use]
    pub fn fact(text: impl Into<String>) -> Self {
        Self::of(RecordKind::Fact, text.into())
    }

    /// A standing instruction, such as "always answer in French". Every recall brings it; one made
    /// in a session, only recalls of that session.
    #[must_use]
    pub fn instruction(text: impl Into<String>) -> Self {
        Self::of(RecordKind::Instruction, text.into())
    }

    fn of(kind: RecordKind, text: String) -> Self {
        Self {
            kind,
            text,
            speaker: SPEAKER_DEFAULT.to_owned(),
            tags: Vec::new(),
            source: None,
            at: None,
            importance: Record::IMPORTANCE_DEFAULT,
            pinned: false,
            valid_from: None,
            valid_to: None,
            metadata: Map::new(),
            key: None,
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

    /// How much it matters, 0 to 1.
    #[must_use]
    pub fn importance(mut self, importance: f32) -> Self {
        self.importance = importance;
        self
    }

    /// Never ages, and is never cleaned up.
    #[must_use]
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// Unix milliseconds from when it holds; from when it was said, if not told.
    #[must_use]
    pub fn valid_from(mut self, at: i64) -> Self {
        self.valid_from = Some(at);
        self
    }

    /// Unix milliseconds just before which it still holds; for good, if not told.
    #[must_use]
    pub fn valid_to(mut self, at: i64) -> Self {
        self.valid_to = Some(at);
        self
    }

    /// Keeps something of the caller's beside it.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Names the writing of it, 1 to [`NewRecord::KEY_BYTES_MAX`] bytes: writing the same again with
    /// the same key gives the same answer, as long as the record is there.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(crate) fn into_record(self, scope: &Scope) -> Record {
        let now = now_ms();
        let at = self.at.unwrap_or(now);
        let keyed = |key: String| RecordId::of_key(scope.tenant(), scope.user(), &key);
        Record {
            id: self.key.map_or_else(RecordId::fresh, keyed),
            kind: self.kind,
            session: scope.session().cloned(),
            agent: scope.agent().cloned(),
            speaker: self.speaker,
            text: self.text,
            caption: None,
            tags: self.tags,
            source: self.source,
            at,
            importance: self.importance,
            pinned: self.pinned,
            lifetime: Lifetime {
                valid_to: self.valid_to,
                ..Lifetime::since(self.valid_from.unwrap_or(at), now)
            },
            superseded_by: None,
            usage: Usage::default(),
            metadata: self.metadata,
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

impl Turn {
    pub(crate) fn into_record(self, scope: &Scope) -> Record {
        let said = NewRecord::of(RecordKind::Turn, self.text)
            .speaker(self.speaker)
            .source(self.source_id)
            .at(self.at);
        Record {
            session: Some(self.session),
            caption: self.caption,
            ..said.into_record(scope)
        }
    }
}
