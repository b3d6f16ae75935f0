//! Which records an index may answer with.

use crate::{Record, RecordKind, SessionId};

/// Restricts a search; what is left open admits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// This session only.
    pub session: Option<SessionId>,
    /// These kinds only; none stands for all.
    pub kinds: Vec<RecordKind>,
    /// Nothing made from these sources.
    pub exclude_sources: Vec<String>,
}

impl Filter {
    /// Whether a record with these facets may be an answer.
    #[must_use]
    pub fn admits(&self, facets: &Facets) -> bool {
        let in_session = self.session.is_none() || self.session == facets.session;
        let of_kind = self.kinds.is_empty() || self.kinds.contains(&facets.kind);
        let source = facets.source.as_ref();
        in_session && of_kind && !source.is_some_and(|s| self.exclude_sources.contains(s))
    }
}

/// What filters look at; indexes keep it beside each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facets {
    /// The session it was said in.
    pub session: Option<SessionId>,
    /// How it came about.
    pub kind: RecordKind,
    /// What it was made from.
    pub source: Option<String>,
}

impl From<&Record> for Facets {
    fn from(record: &Record) -> Self {
        Self {
            session: record.session.clone(),
            kind: record.kind,
            source: record.source.clone(),
        }
    }
}
