//! What is asked of memory.

use std::ops::Range;

use crate::{AgentId, Filter, RecordKind, Scope, When};

/// Records given when no limit is.
const LIMIT_DEFAULT: usize = 10;
/// What a search looks through unless told. Instructions come by themselves.
const KINDS_DEFAULT: [RecordKind; 3] = [RecordKind::Fact, RecordKind::Turn, RecordKind::Summary];

/// A question to memory.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    limit: usize,
    skip: usize,
    filter: Filter,
    when: Past,
    now: Option<i64>,
    floor: bool,
    score_min: Option<f32>,
    hop: bool,
}

/// Which states of memory are asked for.
#[derive(Clone, Copy, Debug)]
enum Past {
    Present,
    Included,
    AsOf { valid: i64, known: i64 },
}

impl Query {
    /// The ten present memories that matter most to `text`, of any kind.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            limit: LIMIT_DEFAULT,
            skip: 0,
            filter: Filter {
                kinds: KINDS_DEFAULT.to_vec(),
                ..Filter::default()
            },
            when: Past::Present,
            now: None,
            floor: true,
            score_min: None,
            hop: false,
        }
    }

    /// Records at most.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Passes over the best so many: the page after them.
    #[must_use]
    pub fn skip(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// These kinds only.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = RecordKind>) -> Self {
        self.filter.kinds = kinds.into_iter().collect();
        self
    }

    /// Labelled with all of these.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Made from one of these sources only.
    #[must_use]
    pub fn sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let sources = sources.into_iter().map(Into::into);
        self.filter.sources.extend(sources);
        self
    }

    /// Nothing made from these sources, such as the message that is being answered.
    #[must_use]
    pub fn exclude_sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let sources = sources.into_iter().map(Into::into);
        self.filter.exclude_sources.extend(sources);
        self
    }

    /// Written by this agent only.
    #[must_use]
    pub fn agent(mut self, agent: AgentId) -> Self {
        self.filter.agent = Some(agent);
        self
    }

    /// Said in this range of unix milliseconds only.
    #[must_use]
    pub fn said(mut self, range: Range<i64>) -> Self {
        self.filter.said_from = Some(range.start).filter(|start| *start > i64::MIN);
        self.filter.said_before = Some(range.end).filter(|end| *end < i64::MAX);
        self
    }

    /// This important at least, 0 to 1.
    #[must_use]
    pub fn importance_min(mut self, importance: f32) -> Self {
        self.filter.importance_min = importance;
        self
    }

    /// What held at unix millisecond `valid`, as memory knew it at `known`. Words are looked for in
    /// records as they are; what comes back is what they were. Nothing ages.
    #[must_use]
    pub fn as_of(mut self, valid: i64, known: i64) -> Self {
        self.when = Past::AsOf { valid, known };
        self
    }

    /// What was superseded, is over or was put away too.
    #[must_use]
    pub fn include_superseded(mut self) -> Self {
        self.when = Past::Included;
        self
    }

    /// Asked at this unix millisecond, from which "yesterday" and ages count; the clock's, unless
    /// said.
    #[must_use]
    pub fn at(mut self, now: i64) -> Self {
        self.now = Some(now);
        self
    }

    /// Nothing of a lower [`score`](crate::Recalled::score), before records age. Scores compare
    /// within one recall only.
    #[must_use]
    pub fn score_min(mut self, score: f32) -> Self {
        self.score_min = Some(score);
        self
    }

    /// Follows the names in what is found first to what else is said of them, for questions whose
    /// answer lies in two places. It searches twice.
    #[must_use]
    pub fn with_hop(mut self) -> Self {
        self.hop = true;
        self
    }

    /// Gives the nearest records even when none is relevant.
    #[must_use]
    pub fn without_floor(mut self) -> Self {
        self.floor = false;
        self
    }

    /// The question.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The places of what is wanted in the whole order, best first.
    #[must_use]
    pub fn places(&self) -> Range<usize> {
        self.skip..self.skip.saturating_add(self.limit)
    }

    pub(crate) fn has_floor(&self) -> bool {
        self.floor
    }

    pub(crate) fn has_hop(&self) -> bool {
        self.hop
    }

    pub(crate) fn score_floor(&self) -> Option<f32> {
        self.score_min
    }

    pub(crate) fn asked_at(&self) -> Option<i64> {
        self.now
    }

    pub(crate) fn ages(&self) -> bool {
        !matches!(self.when, Past::AsOf { .. })
    }

    pub(crate) fn filter(&self, scope: &Scope, now: i64) -> Filter {
        Filter {
            session: scope.session().cloned(),
            when: match self.when {
                Past::Present => When::Present(now),
                Past::Included => When::Ever,
                Past::AsOf { valid, known } => When::AsOf { valid, known },
            },
            ..self.filter.clone()
        }
    }
}
