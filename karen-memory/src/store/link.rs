//! What records say of one another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RecordId;

/// One record says something of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// The record that says it.
    pub from: RecordId,
    /// The record that it is said of.
    pub to: RecordId,
    /// What it says.
    pub relation: Relation,
}

/// What one record is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Relation {
    /// It took the other's place.
    Supersedes,
    /// The two cannot both be true.
    Conflicts,
    /// It was made from the other.
    Evidence,
}

impl Relation {
    /// The name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supersedes => "supersedes",
            Self::Conflicts => "conflicts",
            Self::Evidence => "evidence",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::Supersedes, Self::Conflicts, Self::Evidence];
        all.into_iter().find(|relation| relation.as_str() == name)
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
