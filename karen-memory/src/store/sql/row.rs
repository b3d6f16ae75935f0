//! Rows read back as records.

use karen_sql::SqlError;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::store::{Change, LogEntry};
use crate::{
    AgentId, Lifetime, MemoryError, MemoryErrorKind, Record, RecordId, RecordKind, SessionId, Usage,
};

/// The columns that [`record`] reads.
pub(super) const COLUMNS: &str =
    "id, kind, session, agent, speaker, text, caption, tags, source, at,
    importance, pinned, valid_from, valid_to, recorded_at, retired_at, archived_at, superseded_by,
    uses, used_at, metadata";

pub(super) fn id(row: &AnyRow) -> Result<RecordId, MemoryError> {
    RecordId::parse(&text(row, "id")?)
}

pub(super) fn record(row: &AnyRow) -> Result<Record, MemoryError> {
    Ok(Record {
        id: id(row)?,
        kind: kind(&text(row, "kind")?)?,
        session: optional(row, "session")?.map(SessionId::new),
        agent: optional(row, "agent")?.map(AgentId::new),
        speaker: text(row, "speaker")?,
        text: text(row, "text")?,
        caption: optional(row, "caption")?,
        tags: json(row, "tags")?,
        source: optional(row, "source")?,
        at: number(row, "at")?,
        importance: row.try_get::<f64, _>("importance").map_err(of)? as f32,
        pinned: number(row, "pinned")? != 0,
        lifetime: lifetime(row)?,
        superseded_by: superseded_by(row)?,
        usage: Usage {
            count: u32::try_from(number(row, "uses")?).map_err(|_| damaged("uses"))?,
            last_at: time(row, "used_at")?,
        },
        metadata: json(row, "metadata")?,
    })
}

fn lifetime(row: &AnyRow) -> Result<Lifetime, MemoryError> {
    Ok(Lifetime {
        valid_from: number(row, "valid_from")?,
        valid_to: time(row, "valid_to")?,
        recorded_at: number(row, "recorded_at")?,
        retired_at: time(row, "retired_at")?,
        archived_at: time(row, "archived_at")?,
    })
}

fn superseded_by(row: &AnyRow) -> Result<Option<RecordId>, MemoryError> {
    let id = optional(row, "superseded_by")?;
    id.map(|id| RecordId::parse(&id)).transpose()
}

/// A left join: a record that is gone has no columns.
pub(super) fn log_entry(row: &AnyRow) -> Result<LogEntry, MemoryError> {
    let change = match optional(row, "id")? {
        Some(_) => Change::Put(record(row)?),
        None => Change::Delete(RecordId::parse(&text(row, "record_id")?)?),
    };
    Ok(LogEntry {
        sequence: number(row, "sequence")?,
        change,
    })
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
    serde_json::from_str(&text(row, column)?).map_err(|e| damaged(column).caused_by(e))
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
