//! What comes of remembering.

use serde::Serialize;

use crate::RecordId;

/// What came of remembering a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// The record that holds it, or held it before it was forgotten. What was refused outright has
    /// an id that no record has.
    pub id: RecordId,
    /// `false` when it was not kept; [`refusal`](Self::refusal) says why.
    pub stored: bool,
    /// The record that it says again.
    pub reinforces: Option<RecordId>,
    /// Records that hold no longer, because this one took their place.
    pub supersedes: Vec<RecordId>,
    /// Records that cannot be true together with this one, where neither is known to be the later.
    pub conflicts: Vec<RecordId>,
    /// Why it was not kept.
    pub refusal: Option<Refusal>,
}

/// Why something was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// The person asked not to be remembered, for good or in this session.
    Consent,
    /// It was forgotten, and its source is read again.
    Forgotten,
    /// It is the program's own text, such as a prompt.
    Boilerplate,
    /// Memory itself said it a moment ago.
    Recalled,
    /// The same words are kept already.
    Same,
    /// Almost the same words are kept already.
    Near,
    /// All that it says is said by a record that is kept.
    Covered,
    /// A record means the same.
    Alike,
}

impl Remembered {
    /// It was kept.
    #[must_use]
    pub fn stored(id: RecordId) -> Self {
        Self {
            id,
            stored: true,
            reinforces: None,
            supersedes: Vec::new(),
            conflicts: Vec::new(),
            refusal: None,
        }
    }

    /// It was not kept, and no record holds it.
    #[must_use]
    pub fn refused(id: RecordId, refusal: Refusal) -> Self {
        Self {
            stored: false,
            refusal: Some(refusal),
            ..Self::stored(id)
        }
    }

    /// It was not kept: `id` says it already.
    #[must_use]
    pub fn reinforcing(id: RecordId, refusal: Refusal) -> Self {
        Self {
            reinforces: Some(id.clone()),
            ..Self::refused(id, refusal)
        }
    }
}
