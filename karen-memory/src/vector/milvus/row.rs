//! Rows of the collection: one for each vector, and one for the mark of each user.
//!
//! Names of users, sessions and sources may hold anything; rows hold digests of them, which can be
//! compared and stand in an expression as they are.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::vector::VectorChange;
use crate::{Facets, Filter, MemoryError, MemoryErrorKind, RecordId, Scope, When};

/// The kind of the row that holds a mark.
const MARK: &str = "mark";
/// Stands for a moment that does not come.
const NEVER: i64 = 1 << 62;
/// Hex digits of a label's digest: enough that no two labels of a user meet.
const LABEL_DIGITS: usize = 20;

/// A user in the collection.
pub(super) struct OwnerKey(String);

impl OwnerKey {
    pub(super) fn of(scope: &Scope) -> Self {
        Self(digest(&[scope.tenant().as_str(), scope.user().as_str()]))
    }

    /// The row of the user's mark.
    pub(super) fn mark(&self) -> &str {
        &self.0
    }

    fn record(&self, id: &RecordId) -> String {
        format!("{}.{id}", self.0)
    }
}

/// A digest that two lists of names have in common only if they are the same.
pub(super) fn digest(names: &[&str]) -> String {
    let mut digest = Sha256::new();
    for name in names {
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
    }
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    name: String,
    owner: String,
    kind: String,
    /// Empty for none, as is the source.
    session: String,
    source: String,
    agent: String,
    /// A bar before and after each.
    tags: String,
    at: i64,
    importance: f64,
    valid_from: i64,
    /// [`NEVER`] for none, as are the two others.
    valid_to: i64,
    recorded_at: i64,
    retired_at: i64,
    archived_at: i64,
    mark: i64,
    vector: Vec<f32>,
}

impl Row {
    /// Its vector is as long as any other, and says nothing; its source is the record that the log has
    /// at the mark.
    pub(super) fn mark(owner: &OwnerKey, mark: i64, record: Option<&RecordId>, dim: usize) -> Self {
        Self {
            name: owner.0.clone(),
            owner: owner.0.clone(),
            kind: MARK.to_owned(),
            session: String::new(),
            source: record.map(RecordId::to_string).unwrap_or_default(),
            agent: String::new(),
            tags: String::new(),
            at: 0,
            importance: 0.0,
            valid_from: 0,
            valid_to: NEVER,
            recorded_at: 0,
            retired_at: NEVER,
            archived_at: NEVER,
            mark,
            vector: vec![0.0; dim],
        }
    }

    fn record(owner: &OwnerKey, id: &RecordId, facets: &Facets, vector: Vec<f32>) -> Self {
        let session = facets.session.as_ref().map(|s| digest(&[s.as_str()]));
        let agent = facets.agent.as_ref().map(|a| digest(&[a.as_str()]));
        let source = facets.source.as_ref().map(|s| digest(&[s]));
        let lifetime = &facets.lifetime;
        Self {
            name: owner.record(id),
            owner: owner.0.clone(),
            kind: facets.kind.as_str().to_owned(),
            session: session.unwrap_or_default(),
            source: source.unwrap_or_default(),
            agent: agent.unwrap_or_default(),
            tags: facets.tags.iter().map(|tag| labelled(tag)).collect(),
            at: facets.at,
            importance: facets.importance.into(),
            valid_from: lifetime.valid_from,
            valid_to: lifetime.valid_to.unwrap_or(NEVER),
            recorded_at: lifetime.recorded_at,
            retired_at: lifetime.retired_at.unwrap_or(NEVER),
            archived_at: lifetime.archived_at.unwrap_or(NEVER),
            mark: 0,
            vector,
        }
    }
}

/// What changes come to: rows to put, and names of rows to delete.
pub(super) fn outcome(owner: &OwnerKey, changes: Vec<VectorChange>) -> (Vec<Row>, Vec<String>) {
    let mut rows = BTreeMap::new();
    for change in changes {
        let (id, row) = match change {
            VectorChange::Put { id, facets, vector } => {
                let row = Row::record(owner, &id, &facets, vector);
                (id, Some(row))
            }
            VectorChange::Delete(id) => (id, None),
        };
        rows.insert(owner.record(&id), row);
    }
    let gone = rows.iter().filter(|(_, row)| row.is_none());
    let gone = gone.map(|(name, _)| name.clone()).collect();
    (rows.into_values().flatten().collect(), gone)
}

/// The record that a row is named after.
pub(super) fn record(name: &str) -> Result<RecordId, MemoryError> {
    let id = name.split_once('.').map(|(_, id)| RecordId::parse(id));
    id.unwrap_or_else(|| {
        let subject = "a row of the index of vectors";
        Err(MemoryError::new(MemoryErrorKind::Corrupt, "read", subject))
    })
}

/// The expression that admits a user's rows which a filter admits.
pub(super) fn admitting(owner: &OwnerKey, filter: &Filter) -> String {
    let mut conditions = vec![equals("owner", &owner.0), differs("kind", MARK)];
    if let Some(session) = &filter.session {
        conditions.push(equals("session", &digest(&[session.as_str()])));
    }
    if !filter.kinds.is_empty() {
        let kinds = filter.kinds.iter().map(|kind| kind.as_str().to_owned());
        conditions.push(format!("kind in [{}]", quoted(kinds)));
    }
    if !filter.exclude_sources.is_empty() {
        let sources = filter.exclude_sources.iter().map(|s| digest(&[s]));
        conditions.push(format!("source not in [{}]", quoted(sources)));
    }
    if let Some(agent) = &filter.agent {
        conditions.push(equals("agent", &digest(&[agent.as_str()])));
    }
    if !filter.sources.is_empty() {
        let sources = filter.sources.iter().map(|s| digest(&[s]));
        conditions.push(format!("source in [{}]", quoted(sources)));
    }
    let labels = filter.tags.iter().map(|tag| labelled(tag));
    conditions.extend(labels.map(|label| format!("tags like \"%{label}%\"")));
    conditions.extend(filter.said_from.map(|from| format!("at >= {from}")));
    conditions.extend(filter.said_before.map(|before| format!("at < {before}")));
    if filter.importance_min > 0.0 {
        let least = f64::from(filter.importance_min);
        conditions.push(format!("importance >= {least}"));
    }
    conditions.extend(living(filter.when));
    conditions.join(" and ")
}

/// [`When::admits`] as a condition.
fn living(when: When) -> Option<String> {
    match when {
        When::Present(now) => Some(format!(
            "retired_at == {NEVER} and archived_at == {NEVER} and valid_to > {now}"
        )),
        When::AsOf { valid, known } => Some(format!(
            "recorded_at <= {known} and valid_from <= {valid} and (valid_to > {valid} or \
             (retired_at > {known} and retired_at < {NEVER}))"
        )),
        When::Ever => None,
    }
}

fn labelled(tag: &str) -> String {
    format!("|{}|", &digest(&[tag])[..LABEL_DIGITS])
}

/// The expression that admits every row of a user.
pub(super) fn owned(owner: &OwnerKey) -> String {
    equals("owner", &owner.0)
}

/// The expression that admits rows by name.
pub(super) fn named(names: &[String]) -> String {
    format!("name in [{}]", quoted(names.iter().cloned()))
}

fn equals(field: &str, value: &str) -> String {
    format!("{field} == \"{value}\"")
}

fn differs(field: &str, value: &str) -> String {
    format!("{field} != \"{value}\"")
}

/// Digests and names of this crate's need no escape.
fn quoted(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.map(|value| format!("\"{value}\"")).collect();
    values.join(", ")
}
