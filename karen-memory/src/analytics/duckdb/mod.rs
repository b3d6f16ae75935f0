//! Rows for DuckDB: in its own file, in Parquet files, or in memory.
//!
//! DuckDB is opened for each batch and each question, in memory with the rows attached or read, and
//! closed after it: between them it holds neither memory nor a file. A question is asked of a copy of
//! the rows that it may see, in a database that can reach nothing else.

mod file;
mod folder;
mod in_process;
mod question;
mod stage;
mod value;

use duckdb::{Config, Connection};

pub use file::DuckDbFile;
pub use folder::ParquetFolder;
pub use in_process::InProcessAnalytics;

use crate::{Breadth, MemoryError, MemoryErrorKind, Scope};

/// The columns of `memories`, with their types.
const MEMORIES: &str = "tenant TEXT, user_id TEXT, id TEXT, kind TEXT, session TEXT, agent TEXT,
    said_at TIMESTAMP, recorded_at TIMESTAMP, valid_from TIMESTAMP, valid_to TIMESTAMP,
    retired_at TIMESTAMP, archived_at TIMESTAMP, superseded_by TEXT, importance FLOAT,
    pinned BOOLEAN, uses BIGINT, used_at TIMESTAMP, bytes BIGINT, tags BIGINT, proofs BIGINT";
/// Those of `recalls`.
const RECALLS: &str = "tenant TEXT, user_id TEXT, hour TIMESTAMP, recalls BIGINT, hits BIGINT,
    items BIGINT, partial BIGINT";

/// A database in memory. No extension is looked for: what DuckDB lacks it would fetch.
fn in_memory() -> Result<Connection, MemoryError> {
    let config = Config::default()
        .enable_autoload_extension(false)
        .and_then(|config| config.with("autoinstall_known_extensions", "false"))
        .and_then(|config| config.threads(2))
        .and_then(|config| config.with("memory_limit", "1GB"));
    let config = config.map_err(|e| failed("open", e))?;
    Connection::open_in_memory_with_flags(config).map_err(|e| failed("open", e))
}

/// The rows that a question sees, as a condition.
fn seen(scope: &Scope, breadth: Breadth) -> String {
    let tenant = format!("tenant = {}", quoted(scope.tenant().as_str()));
    match breadth {
        Breadth::Tenant => tenant,
        Breadth::User => format!("{tenant} AND user_id = {}", quoted(scope.user().as_str())),
    }
}

/// As a string of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn run(connection: &Connection, operation: &'static str, sql: &str) -> Result<(), MemoryError> {
    connection
        .execute_batch(sql)
        .map_err(|e| failed(operation, e))
}

fn failed(operation: &'static str, error: duckdb::Error) -> MemoryError {
    let text = error.to_string();
    let kind = if text.contains("No space left") {
        MemoryErrorKind::Full
    } else if text.contains("read-only") || text.contains("Permission denied") {
        MemoryErrorKind::ReadOnly
    } else {
        MemoryErrorKind::Unavailable
    };
    MemoryError::new(kind, operation, "analytics").caused_by(error)
}

fn failed_io(operation: &'static str, error: std::io::Error) -> MemoryError {
    use std::io::ErrorKind;
    let kind = match error.kind() {
        ErrorKind::StorageFull => MemoryErrorKind::Full,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => MemoryErrorKind::ReadOnly,
        _ => MemoryErrorKind::Unavailable,
    };
    MemoryError::new(kind, operation, "analytics").caused_by(error)
}

/// DuckDB blocks: it works on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MemoryError> + Send + 'static,
) -> Result<T, MemoryError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|error| {
        Err(MemoryError::new(MemoryErrorKind::Internal, "use", "analytics").caused_by(error))
    })
}
