//! How a record changes after it was written, and what it was before.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Record, RecordId};

/// A change of one record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Revision {
    /// Somebody corrects it.
    Edit(Edit),
    /// It was of use.
    Use,
    /// It holds until `valid_to` and no longer, which is known as of now.
    Retire {
        /// Unix milliseconds just before which it still held; its own beginning, if it never did.
        valid_to: i64,
        /// What took its place.
        superseded_by: Option<RecordId>,
    },
    /// Cleaning up puts it away.
    Archive,
    /// It comes back from where cleaning up put it.
    Restore,
}

/// What somebody corrects; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// The words. Those of a turn are what was said, and stay.
    pub text: Option<String>,
    /// All of the labels.
    pub tags: Option<Vec<String>>,
    /// How much it matters, 0 to 1.
    pub importance: Option<f32>,
    /// Never ages, and is never cleaned up.
    pub pinned: Option<bool>,
    /// Unix milliseconds from when it holds.
    pub valid_from: Option<i64>,
    /// Unix milliseconds just before which it still holds.
    pub valid_to: Option<i64>,
    /// All that the caller keeps beside it.
    pub metadata: Option<Map<String, Value>>,
}

/// What a record was before a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Counts from 1.
    pub version: i64,
    /// Unix milliseconds when it changed.
    pub changed_at: i64,
    /// What ended this version.
    pub change: ChangeKind,
    /// The record until then.
    pub record: Record,
}

/// What ended a version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChangeKind {
    /// Somebody corrected it.
    Edited,
    /// Another record took its place.
    Superseded,
    /// It was said to be wrong.
    Retired,
    /// Cleaning up put it away.
    Archived,
    /// It came back.
    Restored,
}

impl ChangeKind {
    /// The name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Superseded => "superseded",
            Self::Retired => "retired",
            Self::Archived => "archived",
            Self::Restored => "restored",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Edited,
            Self::Superseded,
            Self::Retired,
            Self::Archived,
            Self::Restored,
        ];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Revision {
    /// What a history says of it. Being of use is counted, and makes no version.
    pub(crate) fn change(&self) -> Option<ChangeKind> {
        match self {
            Self::Edit(_) => Some(ChangeKind::Edited),
            Self::Use => None,
            Self::Retire {
                superseded_by: Some(_),
                ..
            } => Some(ChangeKind::Superseded),
            Self::Retire { .. } => Some(ChangeKind::Retired),
            Self::Archive => Some(ChangeKind::Archived),
            Self::Restore => Some(ChangeKind::Restored),
        }
    }

    /// Changes `record` at unix millisecond `now`.
    pub(crate) fn apply(&self, record: &mut Record, now: i64) {
        match self {
            Self::Edit(edit) => edit.apply(record),
            Self::Use => {
                record.usage.count = record.usage.count.saturating_add(1);
                record.usage.last_at = Some(now);
            }
            Self::Retire {
                valid_to,
                superseded_by,
            } => {
                record.lifetime.valid_to = Some(*valid_to);
                record.lifetime.retired_at = Some(now);
                record.superseded_by.clone_from(superseded_by);
            }
            Self::Archive => record.lifetime.archived_at = Some(now),
            Self::Restore => {
                record.lifetime.archived_at = None;
                record.usage.last_at = Some(now);
            }
        }
    }
}

impl Edit {
    fn apply(&self, record: &mut Record) {
        let lifetime = &mut record.lifetime;
        lifetime.valid_from = self.valid_from.unwrap_or(lifetime.valid_from);
        lifetime.valid_to = self.valid_to.or(lifetime.valid_to);
        record.importance = self.importance.unwrap_or(record.importance);
        record.pinned = self.pinned.unwrap_or(record.pinned);
        replace(&mut record.text, &self.text);
        replace(&mut record.tags, &self.tags);
        replace(&mut record.metadata, &self.metadata);
    }
}

fn replace<T: Clone>(place: &mut T, by: &Option<T>) {
    if let Some(by) = by {
        place.clone_from(by);
    }
}
