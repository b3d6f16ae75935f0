//! What a host says beside a text to remember or to search for.

use karen_core::memory::{AgentId, Edit, NewRecord, Query, RecordKind};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How a note is kept. A host passes what was said; times are unix milliseconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoteOptions {
    /// A standing instruction, and no fact.
    pub instruction: bool,
    /// The conversation that it belongs to.
    pub conversation: Option<String>,
    /// Who said it.
    pub speaker: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What it was made from.
    pub source: Option<String>,
    /// When it was said.
    pub at: Option<i64>,
    /// How much it matters, 0 to 1.
    pub importance: Option<f32>,
    /// Never ages, and is never cleaned up.
    pub pinned: bool,
    /// From when it holds.
    pub valid_from: Option<i64>,
    /// Just before when it still holds.
    pub valid_to: Option<i64>,
    /// The host's own.
    pub metadata: Map<String, Value>,
    /// What is written again with the same key is written once.
    pub idempotency_key: Option<String>,
}

impl NoteOptions {
    pub(super) fn record(self, text: String) -> NewRecord {
        let record = match self.instruction {
            true => NewRecord::instruction(text),
            false => NewRecord::fact(text),
        };
        let record = given(record.tags(self.tags), self.speaker, NewRecord::speaker);
        let record = given(record, self.source, NewRecord::source);
        let record = given(record, self.at, NewRecord::at);
        let record = given(record, self.importance, NewRecord::importance);
        let record = given(record, self.valid_from, NewRecord::valid_from);
        let record = given(record, self.valid_to, NewRecord::valid_to);
        let record = given(record, self.idempotency_key, NewRecord::idempotency_key);
        let record = match self.pinned {
            true => record.pinned(),
            false => record,
        };
        let metadata = self.metadata.into_iter();
        metadata.fold(record, |record, (key, value)| record.metadata(key, value))
    }
}

/// What may be an answer. A host passes what was said; times are unix milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchOptions {
    /// Results at most, 1 to 200.
    pub limit: usize,
    /// Passes over the best so many.
    pub skip: usize,
    /// What belongs to this conversation only.
    pub conversation: Option<String>,
    /// These kinds only; all but instructions if not said.
    pub kinds: Option<Vec<RecordKind>>,
    /// Labelled with all of these.
    pub tags: Vec<String>,
    /// Made from one of these only.
    pub sources: Vec<String>,
    /// Written by this agent only.
    pub agent: Option<String>,
    /// Said at this time or later.
    pub said_from: Option<i64>,
    /// Said before this time.
    pub said_before: Option<i64>,
    /// This important at least, 0 to 1.
    pub importance_min: f32,
    /// Memory as it was: what held at the first time, as it was known at the second.
    pub as_of: Option<(i64, i64)>,
    /// What holds no longer, too.
    pub include_superseded: bool,
    /// Nothing of a lower score.
    pub score_min: Option<f32>,
    /// Follows the names in what is found first.
    pub hop: bool,
    /// Nothing rather than what is not relevant.
    pub relevant_only: bool,
    /// Asks for lines of a prompt, of so many tokens at most.
    pub pack_tokens: Option<u32>,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            limit: 10,
            skip: 0,
            conversation: None,
            kinds: None,
            tags: Vec::new(),
            sources: Vec::new(),
            agent: None,
            said_from: None,
            said_before: None,
            importance_min: 0.0,
            as_of: None,
            include_superseded: false,
            score_min: None,
            hop: false,
            relevant_only: true,
            pack_tokens: None,
        }
    }
}

impl SearchOptions {
    pub(super) fn query(self, text: String) -> Query {
        let said = self.said_from.unwrap_or(i64::MIN)..self.said_before.unwrap_or(i64::MAX);
        let query = Query::new(text)
            .limit(self.limit)
            .skip(self.skip)
            .tags(self.tags)
            .sources(self.sources)
            .said(said)
            .importance_min(self.importance_min);
        let query = given(query, self.kinds, Query::kinds);
        let query = given(query, self.agent.map(AgentId::new), Query::agent);
        let query = given(query, self.score_min, Query::score_min);
        let query = given(query, self.as_of, |query, (valid, known)| {
            query.as_of(valid, known)
        });
        let query = when(query, self.include_superseded, Query::include_superseded);
        let query = when(query, self.hop, Query::with_hop);
        when(query, !self.relevant_only, Query::without_floor)
    }
}

/// What is to be different about a memory; what is not said stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// The words.
    pub text: Option<String>,
    /// All of the labels.
    pub tags: Option<Vec<String>>,
    /// How much it matters, 0 to 1.
    pub importance: Option<f32>,
    /// Never ages, and is never cleaned up.
    pub pinned: Option<bool>,
    /// From when it holds, unix milliseconds.
    pub valid_from: Option<i64>,
    /// Just before when it still holds.
    pub valid_to: Option<i64>,
    /// All that the host keeps beside it.
    pub metadata: Option<Map<String, Value>>,
}

impl From<Patch> for Edit {
    fn from(patch: Patch) -> Self {
        Self {
            text: patch.text,
            tags: patch.tags,
            importance: patch.importance,
            pinned: patch.pinned,
            valid_from: patch.valid_from,
            valid_to: patch.valid_to,
            metadata: patch.metadata,
        }
    }
}

fn given<B, T>(builder: B, value: Option<T>, set: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

fn when<B>(builder: B, condition: bool, set: impl FnOnce(B) -> B) -> B {
    match condition {
        true => set(builder),
        false => builder,
    }
}
