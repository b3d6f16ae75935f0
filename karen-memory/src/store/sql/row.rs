//! Rows read back as records.

use karen_sql::SqlError;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::store::{Change, LogEntry};
use crate::{MemoryError, MemoryErrorKind, Record, RecordId, RecordKind, SessionId};

pub(super) fn id(row: &AnyRow) -> Result<RecordId, MemoryError> {
    RecordId::parse(&text(row, "id")?)
}

pub(super) fn record(row: &AnyRow) -> Result<Record, MemoryError> {
    Ok(Record {
        id: id(row)?,
        kind: kind(&text(row, "kind")?)?,
        session: optional(row, "session")?.map(SessionId::new),
        speaker: text(row, "speaker")?,
        text: text(row, "text")?,
        caption: optional(row, "caption")?,
        tags: serde_json::from_str(&text(row, "tags")?)
            .map_err(|e| damaged("tags").caused_by(e))?,
        source: optional(row, "source")?,
        at: row.try_get("at").map_err(of)?,
    })
}

/// A left join: a record that is gone has no columns.
pub(super) fn log_entry(row: &AnyRow) -> Result<LogEntry, MemoryError> {
    let change = match optional(row, "id")? {
        Some(_) => Change::Put(record(row)?),
        None => Change::Delete(RecordId::parse(&text(row, "record_id")?)?),
    };
    Ok(LogEntry {
        sequence: row.try_get("sequence").map_err(of)?,
        change,
    })
}

fn kind(name: &str) -> Result<RecordKind, MemoryError> {
    [RecordKind::Fact, RecordKind::Turn]
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| damaged("kind"))
}

fn text(row: &AnyRow, column: &'static str) -> Result<String, MemoryError> {
    Ok(row.try_get(column).map_err(of)?)
}

fn optional(row: &AnyRow, column: &'static str) -> Result<Option<String>, MemoryError> {
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
