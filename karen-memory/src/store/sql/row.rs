//! Rows read back as records.

use karen_sql::SqlError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::store::{Change, LogEntry};
use crate::{
    AgentId, Lifetime, MemoryError, MemoryErrorKind, Record, RecordId, RecordKind, SessionId, Usage,
};

/// The columns of a record, as in [`Columns`].
pub(super) const COLUMNS: &str =
    "id, kind, session, agent, speaker, text, caption, tags, source, at,
    importance, pinned, valid_from, valid_to, recorded_at, retired_at, archived_at, superseded_by,
    uses, used_at, metadata";

/// A record as it is stored; as JSON, an array in this order.
#[derive(Deserialize)]
struct Columns {
    id: String,
    kind: String,
    session: Option<String>,
    agent: Option<String>,
    speaker: String,
    text: String,
    caption: Option<String>,
    tags: String,
    source: Option<String>,
    at: i64,
    importance: f64,
    pinned: i64,
    valid_from: i64,
    valid_to: Option<i64>,
    recorded_at: i64,
    retired_at: Option<i64>,
    archived_at: Option<i64>,
    superseded_by: Option<String>,
    uses: i64,
    used_at: Option<i64>,
    metadata: String,
}

pub(super) fn id(row: &AnyRow) -> Result<RecordId, MemoryError> {
    RecordId::parse(&text(row, "id")?)
}

pub(super) fn record(row: &AnyRow) -> Result<Record, MemoryError> {
    Columns::of(row)?.try_into()
}

/// The records of a JSON array of arrays.
pub(super) fn records(rows: &str) -> Result<Vec<Record>, MemoryError> {
    let rows: Vec<Columns> =
        serde_json::from_str(rows).map_err(|e| damaged("columns").caused_by(e))?;
    rows.into_iter().map(Record::try_from).collect()
}

impl Columns {
    fn of(row: &AnyRow) -> Result<Self, MemoryError> {
        Ok(Self {
            id: text(row, "id")?,
            kind: text(row, "kind")?,
            session: optional(row, "session")?,
            agent: optional(row, "agent")?,
            speaker: text(row, "speaker")?,
            text: text(row, "text")?,
            caption: optional(row, "caption")?,
            tags: text(row, "tags")?,
            source: optional(row, "source")?,
            at: number(row, "at")?,
            importance: row.try_get("importance").map_err(of)?,
            pinned: number(row, "pinned")?,
            valid_from: number(row, "valid_from")?,
            valid_to: time(row, "valid_to")?,
            recorded_at: number(row, "recorded_at")?,
            retired_at: time(row, "retired_at")?,
            archived_at: time(row, "archived_at")?,
            superseded_by: optional(row, "superseded_by")?,
            uses: number(row, "uses")?,
            used_at: time(row, "used_at")?,
            metadata: text(row, "metadata")?,
        })
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime {
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            recorded_at: self.recorded_at,
            retired_at: self.retired_at,
            archived_at: self.archived_at,
        }
    }
}

impl TryFrom<Columns> for Record {
    type Error = MemoryError;

    fn try_from(columns: Columns) -> Result<Self, MemoryError> {
        let superseded_by = columns.superseded_by.as_deref();
        Ok(Self {
            id: RecordId::parse(&columns.id)?,
            kind: kind(&columns.kind)?,
            lifetime: columns.lifetime(),
            superseded_by: superseded_by.map(RecordId::parse).transpose()?,
            session: columns.session.map(SessionId::new),
            agent: columns.agent.map(AgentId::new),
            speaker: columns.speaker,
            text: columns.text,
            caption: columns.caption,
            tags: parsed(&columns.tags, "tags")?,
            source: columns.source,
            at: columns.at,
            importance: columns.importance as f32,
            pinned: columns.pinned != 0,
            usage: Usage {
                count: u32::try_from(columns.uses).map_err(|_| damaged("uses"))?,
                last_at: columns.used_at,
            },
            metadata: parsed(&columns.metadata, "metadata")?,
        })
    }
}

/// `entries` of the log, and the `records` that are still there, in the same order.
pub(super) fn log_entries(row: &AnyRow) -> Result<Vec<LogEntry>, MemoryError> {
    let entries: Vec<(i64, String)> = json(row, "entries")?;
    let mut kept = records(&text(row, "records")?)?.into_iter().peekable();
    let mut read = Vec::with_capacity(entries.len());
    for (sequence, id) in entries {
        let change = match kept.next_if(|record| record.id.as_str() == id) {
            Some(record) => Change::Put(record),
            None => Change::Delete(RecordId::parse(&id)?),
        };
        read.push(LogEntry { sequence, change });
    }
    read.sort_by_key(|entry| entry.sequence);
    Ok(read)
}

fn kind(name: &str) -> Result<RecordKind, MemoryError> {
    RecordKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| damaged("kind"))
}

pub(super) fn text(row: &AnyRow, column: &'static str) -> Result<String, MemoryError> {
    Ok(row.try_get(column).map_err(of)?)
}

pub(super) fn number(row: &AnyRow, column: &'static str) -> Result<i64, MemoryError> {
    Ok(row.try_get(column).map_err(of)?)
}

pub(super) fn json<T: DeserializeOwned>(
    row: &AnyRow,
    column: &'static str,
) -> Result<T, MemoryError> {
    parsed(&text(row, column)?, column)
}

fn parsed<T: DeserializeOwned>(json: &str, column: &'static str) -> Result<T, MemoryError> {
    serde_json::from_str(json).map_err(|e| damaged(column).caused_by(e))
}

fn optional(row: &AnyRow, column: &'static str) -> Result<Option<String>, MemoryError> {
    Ok(row.try_get(column).map_err(of)?)
}

pub(super) fn time(row: &AnyRow, column: &'static str) -> Result<Option<i64>, MemoryError> {
    Ok(row.try_get(column).map_err(of)?)
}

fn of(error: sqlx::Error) -> SqlError {
    SqlError::of("read", "a record", error)
}

fn damaged(column: &'static str) -> MemoryError {
    MemoryError::new(
        MemoryErrorKind::Corrupt,
        "read",
        format!("a record's {column}"),
    )
}
