//! Records in SQLite or PostgreSQL.
//!
//! A writer first locks its user's row of `memory_heads`, and holds it until it commits. That makes
//! sequences commit in order where several writers work at once, and lets a look for duplicates
//! trust what it sees.

mod erase;
mod forgotten;
mod row;
mod write;

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::{AssertSqlSafe, Row};

use super::schema::MIGRATIONS;
use super::{LogEntry, RecordStore};
use crate::{
    Cursor, MemoryError, MemoryErrorKind, Page, Record, RecordId, RecordPage, Remembered, Scope,
};
use row::{log_entry, record};

/// Ids asked for in one statement: SQLite takes 32,766 parameters, but plans grow with them.
const IDS_PER_STATEMENT: usize = 500;

/// The truth in a SQL database.
///
/// SQLite overwrites what is deleted before the call returns; PostgreSQL does so when it vacuums.
#[derive(Clone, Debug)]
pub struct SqlRecordStore {
    database: Database,
}

impl SqlRecordStore {
    /// Brings the tables of this crate up to date.
    ///
    /// # Errors
    /// `TooNew`, `ReadOnly`, `Full`, `Corrupt`, `Unavailable`.
    pub async fn open(database: Database) -> Result<Self, MemoryError> {
        database.migrate("memory", MIGRATIONS).await?;
        Ok(Self { database })
    }
}

#[async_trait]
impl RecordStore for SqlRecordStore {
    async fn append(
        &self,
        scope: &Scope,
        records: Vec<Record>,
    ) -> Result<Vec<Remembered>, MemoryError> {
        write::append(&self.database, scope, records).await
    }

    async fn get(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_PER_STATEMENT) {
            found.extend(self.get_chunk(scope, ids).await?);
        }
        Ok(found)
    }

    async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError> {
        if !(1..=Page::LIMIT_MAX).contains(&page.limit) {
            let subject = format!("a page of {} records", page.limit);
            return Err(MemoryError::new(MemoryErrorKind::Invalid, "list", subject));
        }
        // One more than asked for tells whether there is a next page.
        let mut records = self.list_rows(scope, page.after, page.limit + 1).await?;
        let is_last = records.len() <= page.limit as usize;
        records.truncate(page.limit as usize);
        let next = records.last().filter(|_| !is_last).map(Cursor::of);
        Ok(RecordPage { records, next })
    }

    async fn count(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let of = |e| SqlError::of("count", "records", e);
        let mut reader = self.database.read().await?;
        let row = sqlx::query(
            "SELECT COUNT(*) AS n FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)",
        )
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(session(scope))
        .bind(session(scope))
        .fetch_one(&mut *reader)
        .await
        .map_err(of)?;
        let count: i64 = row.try_get("n").map_err(of)?;
        Ok(count.unsigned_abs())
    }

    async fn delete(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError> {
        let deleted = write::delete(&self.database, scope, id).await?;
        erase::cut_log(&self.database).await?;
        Ok(deleted)
    }

    async fn delete_all(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let deleted = write::delete_all(&self.database, scope).await?;
        erase::cut_log(&self.database).await?;
        Ok(deleted)
    }

    async fn log_after(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, MemoryError> {
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT l.sequence, l.record_id, r.id, r.kind, r.session, r.speaker, r.text,
                    r.caption, r.tags, r.source, r.at
             FROM memory_log l
             LEFT JOIN memory_records r
               ON r.tenant = l.tenant AND r.user_id = l.user_id AND r.id = l.record_id
             WHERE l.tenant = $1 AND l.user_id = $2 AND l.sequence > $3
             ORDER BY l.sequence LIMIT $4",
        )
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("read", "the log", e))?;
        rows.iter().map(log_entry).collect()
    }
}

impl SqlRecordStore {
    async fn get_chunk(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError> {
        let places: Vec<String> = (0..ids.len()).map(|i| format!("${}", i + 5)).collect();
        let statement = format!(
            "SELECT id, kind, session, speaker, text, caption, tags, source, at
             FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4) AND id IN ({})",
            places.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(statement))
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str())
            .bind(session(scope))
            .bind(session(scope));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let mut reader = self.database.read().await?;
        let rows = query
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| SqlError::of("get", "records", e))?;
        rows.iter().map(record).collect()
    }

    async fn list_rows(
        &self,
        scope: &Scope,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Record>, MemoryError> {
        let (at, id) = match &after {
            Some(cursor) => (cursor.at, cursor.id.as_str()),
            None => (i64::MAX, ""),
        };
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT id, kind, session, speaker, text, caption, tags, source, at
             FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)
               AND (at < $5 OR (at = $6 AND id < $7))
             ORDER BY at DESC, id DESC LIMIT $8",
        )
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(session(scope))
        .bind(session(scope))
        .bind(at)
        .bind(at)
        .bind(id)
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "records", e))?;
        rows.iter().map(record).collect()
    }
}

/// The session to filter by; empty stands for any.
fn session(scope: &Scope) -> &str {
    scope.session().map_or("", |session| session.as_str())
}
