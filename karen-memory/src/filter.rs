//! Which records an index may answer with.

use karen_sql::now_ms;

use crate::{AgentId, Lifetime, Record, RecordKind, SessionId};

/// Restricts a search; what is left open admits everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// This session only.
    pub session: Option<SessionId>,
    /// Written by this agent only.
    pub agent: Option<AgentId>,
    /// These kinds only; none stands for all.
    pub kinds: Vec<RecordKind>,
    /// Labelled with all of these.
    pub tags: Vec<String>,
    /// Made from one of these sources; none stands for all.
    pub sources: Vec<String>,
    /// Nothing made from these sources.
    pub exclude_sources: Vec<String>,
    /// Said at this unix millisecond or later.
    pub said_from: Option<i64>,
    /// Said before this unix millisecond.
    pub said_before: Option<i64>,
    /// This important at least, 0 to 1.
    pub importance_min: f32,
    /// Held and known at these times.
    pub when: When,
}

/// Which states of memory a search is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Everything that was ever kept, what was superseded and put away too.
    #[default]
    Ever,
    /// What is a present memory at this unix millisecond.
    Present(i64),
    /// What held at one unix millisecond, as memory knew it at another.
    AsOf {
        /// When it held.
        valid: i64,
        /// When that was known.
        known: i64,
    },
}

impl Filter {
    /// Whether a record with these facets may be an answer.
    #[must_use]
    pub fn admits(&self, facets: &Facets) -> bool {
        self.admits_origin(facets)
            && self.said_from.is_none_or(|from| facets.at >= from)
            && self.said_before.is_none_or(|before| facets.at < before)
            && facets.importance >= self.importance_min
            && self.tags.iter().all(|tag| facets.tags.contains(tag))
            && self.when.admits(&facets.lifetime)
    }

    fn admits_origin(&self, facets: &Facets) -> bool {
        let is_one_of = |sources: &[String]| {
            let source = facets.source.as_ref();
            source.is_some_and(|source| sources.contains(source))
        };
        (self.session.is_none() || self.session == facets.session)
            && (self.agent.is_none() || self.agent == facets.agent)
            && (self.kinds.is_empty() || self.kinds.contains(&facets.kind))
            && (self.sources.is_empty() || is_one_of(&self.sources))
            && !is_one_of(&self.exclude_sources)
    }
}

impl When {
    /// What is a present memory now.
    #[must_use]
    pub fn present() -> Self {
        Self::Present(now_ms())
    }

    /// Whether a record that lives so is of these states.
    #[must_use]
    pub fn admits(&self, lifetime: &Lifetime) -> bool {
        match *self {
            Self::Ever => true,
            Self::Present(now) => lifetime.is_present(now),
            Self::AsOf { valid, known } => lifetime.held_at(valid, known),
        }
    }
}

/// What filters look at; indexes keep it beside each record.
#[derive(Clone, Debug, PartialEq)]
pub struct Facets {
    /// The session it was said in.
    pub session: Option<SessionId>,
    /// Who wrote it.
    pub agent: Option<AgentId>,
    /// How it came about.
    pub kind: RecordKind,
    /// Its labels.
    pub tags: Vec<String>,
    /// What it was made from.
    pub source: Option<String>,
    /// Unix milliseconds when it was said.
    pub at: i64,
    /// How much it matters, 0 to 1.
    pub importance: f32,
    /// When it holds, and when that was known.
    pub lifetime: Lifetime,
}

impl From<&Record> for Facets {
    fn from(record: &Record) -> Self {
        Self {
            session: record.session.clone(),
            agent: record.agent.clone(),
            kind: record.kind,
            tags: record.tags.clone(),
            source: record.source.clone(),
            at: record.at,
            importance: record.importance,
            lifetime: record.lifetime,
        }
    }
}
