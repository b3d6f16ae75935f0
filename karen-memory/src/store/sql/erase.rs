//! SQLite overwrites deleted rows in its file (`secure_delete`), but its write-ahead log holds the
//! pages as they were until it is cut.

use std::time::{Duration, Instant};

use karen_sql::{Database, Dialect, SqlError};
use sqlx::Row;

use crate::{MemoryError, MemoryErrorKind};

/// How long a log that is in use is waited for.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// About what cutting the log takes somebody else.
const PAUSE: Duration = Duration::from_millis(5);

/// Moves the write-ahead log into the file and cuts it to nothing.
pub(super) async fn cut_log(database: &Database) -> Result<(), MemoryError> {
    if database.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    // SQLite itself waits for readers and writers, but not for others who cut the log.
    let started = Instant::now();
    while !try_cut_log(database).await? {
        if started.elapsed() > WAIT_MAX {
            return Err(in_use());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn try_cut_log(database: &Database) -> Result<bool, SqlError> {
    let of = |e| SqlError::of("cut", "the write-ahead log", e);
    let mut reader = database.read().await?;
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *reader)
        .await
        .map_err(of)?;
    let is_busy: i64 = row.try_get(0).map_err(of)?;
    Ok(is_busy == 0)
}

fn in_use() -> MemoryError {
    let subject = "what was deleted from the write-ahead log, which is in use";
    MemoryError::new(MemoryErrorKind::Unavailable, "erase", subject)
}
