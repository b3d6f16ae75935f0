//! What is kept of a record, and of recalls.

use crate::{Record, RecordId, Scope};

/// A record without a word of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The record's id.
    pub id: RecordId,
    /// What sort it is of.
    pub kind: &'static str,
    /// The session's id.
    pub session: Option<String>,
    /// The id of who wrote it.
    pub agent: Option<String>,
    /// Unix milliseconds when it was said.
    pub at: i64,
    /// When it was written.
    pub recorded_at: i64,
    /// From when it holds.
    pub valid_from: i64,
    /// Until just before when.
    pub valid_to: Option<i64>,
    /// When it became known that it holds no longer.
    pub retired_at: Option<i64>,
    /// When cleaning up put it away.
    pub archived_at: Option<i64>,
    /// What took its place.
    pub superseded_by: Option<RecordId>,
    /// 0 to 1.
    pub importance: f32,
    /// Never ages.
    pub pinned: bool,
    /// How often it was of use.
    pub uses: u32,
    /// When it last was.
    pub used_at: Option<i64>,
    /// Bytes of its text and caption.
    pub bytes: u64,
    /// How many labels it has.
    pub tags: u32,
    /// How many records a summary was made from.
    pub proofs: u32,
}

/// What became of a record's row.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most changes are rows, and a box for each would cost more than it saves"
)]
pub enum RowChange {
    /// It is like this.
    Put(Row),
    /// It is gone.
    Delete(RecordId),
}

/// How often one user recalled within an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallCount {
    /// Who.
    pub scope: Scope,
    /// Unix milliseconds when the hour began.
    pub hour: i64,
    /// Recalls.
    pub recalls: u64,
    /// Those that found something.
    pub hits: u64,
    /// What they found, together.
    pub items: u64,
    /// Those in which a channel could not be asked.
    pub partial: u64,
}

impl RecallCount {
    /// Counts what another counted of the same hour.
    pub(crate) fn add(&mut self, other: &Self) {
        self.recalls += other.recalls;
        self.hits += other.hits;
        self.items += other.items;
        self.partial += other.partial;
    }
}

impl From<&Record> for Row {
    fn from(record: &Record) -> Self {
        let lifetime = record.lifetime;
        let proofs = record.metadata.get("proof_count");
        let proofs = proofs.and_then(serde_json::Value::as_u64).unwrap_or(0);
        let caption = record.caption.as_deref().unwrap_or_default();
        Self {
            id: record.id.clone(),
            kind: record.kind.as_str(),
            session: record.session.as_ref().map(|id| id.as_str().to_owned()),
            agent: record.agent.as_ref().map(|id| id.as_str().to_owned()),
            at: record.at,
            recorded_at: lifetime.recorded_at,
            valid_from: lifetime.valid_from,
            valid_to: lifetime.valid_to,
            retired_at: lifetime.retired_at,
            archived_at: lifetime.archived_at,
            superseded_by: record.superseded_by.clone(),
            importance: record.importance,
            pinned: record.pinned,
            uses: record.usage.count,
            used_at: record.usage.last_at,
            bytes: (record.text.len() + caption.len()) as u64,
            tags: u32::try_from(record.tags.len()).unwrap_or(u32::MAX),
            proofs: u32::try_from(proofs).unwrap_or(u32::MAX),
        }
    }
}
