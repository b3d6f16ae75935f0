//! What is asked of memory.

use crate::{Filter, RecordKind, Scope};

/// Records given when no limit is.
const LIMIT_DEFAULT: usize = 10;

/// A question to memory.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    limit: usize,
    kinds: Vec<RecordKind>,
    exclude_sources: Vec<String>,
    floor: bool,
}

impl Query {
    /// The ten records of any kind that matter most to `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            limit: LIMIT_DEFAULT,
            kinds: Vec::new(),
            exclude_sources: Vec::new(),
            floor: true,
        }
    }

    /// Records at most.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// These kinds only.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = RecordKind>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// Nothing made from these sources, such as the message that is being answered.
    #[must_use]
    pub fn exclude_sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exclude_sources
            .extend(sources.into_iter().map(Into::into));
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

    pub(crate) fn items_max(&self) -> usize {
        self.limit
    }

    pub(crate) fn has_floor(&self) -> bool {
        self.floor
    }

    pub(crate) fn filter(&self, scope: &Scope) -> Filter {
        Filter {
            session: scope.session().cloned(),
            kinds: self.kinds.clone(),
            exclude_sources: self.exclude_sources.clone(),
        }
    }
}
