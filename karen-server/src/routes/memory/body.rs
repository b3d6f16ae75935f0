//! Memories as they are sent.

use karen_core::RecalledItem;
use karen_core::memory::{Record, Tier};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Something remembered. Times are unix milliseconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Memory)]
pub(super) struct MemoryBody {
    id: String,
    /// `fact` for a note, `turn` for something said in a conversation, `instruction` for how to
    /// behave, `summary` for what several notes have in common.
    kind: &'static str,
    /// The conversation it belongs to.
    conversation: Option<String>,
    /// The assistant or program that wrote it.
    agent: Option<String>,
    /// Who said it.
    speaker: String,
    text: String,
    /// What a picture beside it shows.
    caption: Option<String>,
    tags: Vec<String>,
    /// What it was made from, such as a message's id.
    source: Option<String>,
    /// When it was said.
    at: i64,
    /// How much it matters, 0 to 1.
    importance: f32,
    /// Never ages, and is never cleaned up.
    pinned: bool,
    /// How long it is kept: `short`, `medium`, `long` or `pinned`.
    #[schema(value_type = String)]
    tier: Tier,
    /// From when it holds.
    valid_from: i64,
    /// Just before when it still holds; null while no end is known.
    valid_to: Option<i64>,
    /// When it was written.
    recorded_at: i64,
    /// When it became known that it holds no longer, or never did.
    retired_at: Option<i64>,
    /// When cleaning up put it away.
    archived_at: Option<i64>,
    /// The memory that took its place.
    superseded_by: Option<String>,
    /// How often it was of use.
    uses: u32,
    /// When it last was.
    used_at: Option<i64>,
    /// The caller's own.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

impl From<Record> for MemoryBody {
    fn from(record: Record) -> Self {
        Self {
            tier: Tier::of(&record),
            id: record.id.to_string(),
            kind: record.kind.as_str(),
            conversation: record.session.map(|session| session.to_string()),
            agent: record.agent.map(|agent| agent.to_string()),
            speaker: record.speaker,
            text: record.text,
            caption: record.caption,
            tags: record.tags,
            source: record.source,
            at: record.at,
            importance: record.importance,
            pinned: record.pinned,
            valid_from: record.lifetime.valid_from,
            valid_to: record.lifetime.valid_to,
            recorded_at: record.lifetime.recorded_at,
            retired_at: record.lifetime.retired_at,
            archived_at: record.lifetime.archived_at,
            superseded_by: record.superseded_by.map(|id| id.to_string()),
            uses: record.usage.count,
            used_at: record.usage.last_at,
            metadata: record.metadata,
        }
    }
}

/// A memory that a turn was given, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Recalled)]
pub(crate) struct RecalledBody {
    id: String,
    text: String,
    /// Who said it.
    speaker: String,
    /// Unix milliseconds when it was said.
    at: i64,
    /// Comparable within one recall only.
    score: f32,
    /// The words of the query that matched it.
    terms: Vec<String>,
    /// How much each channel of ranking gave it: pairs of a name and a number.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    channels: Vec<(String, f32)>,
}

impl From<RecalledItem> for RecalledBody {
    fn from(item: RecalledItem) -> Self {
        Self {
            id: item.id,
            text: item.text,
            speaker: item.speaker,
            at: item.at,
            score: item.score,
            terms: item.terms,
            channels: item.channels,
        }
    }
}
