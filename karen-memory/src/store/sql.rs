//! Records in SQLite or PostgreSQL.
//!
//! A writer first locks its user's row of `memory_heads`, and holds it until it commits. That makes
//! sequences commit in order where several writers work at once, and lets a look for duplicates
//! trust what it sees.

mod append;
mod consent;
mod embedder;
mod erase;
mod forgotten;
mod history;
mod link;
mod list;
mod put;
mod revise;
mod row;
mod settings;
mod stats;
mod supersede;
mod write;

use async_trait::async_trait;
use karen_sql::{Database, Dialect, SqlError};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::schema::MIGRATIONS;
use super::{KnownEmbedder, Link, LogEntry, ProjectorTurn, RecordStore, Revision, Version};
use crate::{
    Consent, Cursor, Exported, Imported, MemoryError, MemoryErrorKind, Page, Record, RecordId,
    RecordPage, Remembered, Retention, Scope, Stats, TenantId, UserId,
};
use row::{COLUMNS, record};

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
        append::append(&self.database, scope, records).await
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
        let mut records = list::rows(&self.database, scope, &page, page.limit + 1).await?;
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

    async fn stats(&self, scope: &Scope, now: i64) -> Result<Stats, MemoryError> {
        stats::read(&self.database, scope, now).await
    }

    async fn as_known(
        &self,
        scope: &Scope,
        ids: &[RecordId],
        known: i64,
    ) -> Result<Vec<Record>, MemoryError> {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_PER_STATEMENT) {
            found.extend(history::as_known(&self.database, scope, ids, known).await?);
        }
        Ok(found)
    }

    async fn instructions(&self, scope: &Scope, now: i64) -> Result<Vec<Record>, MemoryError> {
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND kind = 'instruction'
               AND (session IS NULL OR session = $3) AND retired_at IS NULL
               AND archived_at IS NULL AND (valid_to IS NULL OR valid_to > $4)
             ORDER BY at, id"
        )))
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(session(scope))
        .bind(now)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "instructions", e))?;
        rows.iter().map(record).collect()
    }

    async fn revise(
        &self,
        scope: &Scope,
        id: &RecordId,
        revision: &Revision,
        now: i64,
    ) -> Result<Option<Record>, MemoryError> {
        revise::revise(&self.database, scope, id, revision, now).await
    }

    async fn history(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Version>, MemoryError> {
        match self.get(scope, std::slice::from_ref(id)).await?.is_empty() {
            true => Ok(Vec::new()),
            false => history::list(&self.database, scope, id).await,
        }
    }

    async fn links(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Link>, MemoryError> {
        match self.get(scope, std::slice::from_ref(id)).await?.is_empty() {
            true => Ok(Vec::new()),
            false => link::list(&self.database, scope, id).await,
        }
    }

    async fn consent(&self, scope: &Scope) -> Result<Consent, MemoryError> {
        let mut reader = self.database.read().await?;
        let consents = consent::read(&mut reader, scope).await?;
        Ok(match consents.may_remember(scope.session()) {
            true => Consent::Remember,
            false => Consent::DoNotRemember,
        })
    }

    async fn set_consent(&self, scope: &Scope, consent: Consent) -> Result<(), MemoryError> {
        let mut tx = self.database.write().await?;
        consent::put(&mut tx, scope, consent).await?;
        Ok(tx.commit().await?)
    }

    async fn link(&self, scope: &Scope, links: &[Link]) -> Result<(), MemoryError> {
        let mut tx = self.database.write().await?;
        link::put(&mut tx, scope, links).await?;
        Ok(tx.commit().await?)
    }

    async fn import(
        &self,
        scope: &Scope,
        exported: Vec<Exported>,
    ) -> Result<Imported, MemoryError> {
        write::import(&self.database, scope, exported).await
    }

    async fn retention(&self, scope: &Scope) -> Result<Retention, MemoryError> {
        let mut reader = self.database.read().await?;
        settings::retention(&mut reader, scope).await
    }

    async fn set_retention(&self, scope: &Scope, retention: Retention) -> Result<(), MemoryError> {
        let mut tx = self.database.write().await?;
        settings::put_retention(&mut tx, scope, retention).await?;
        Ok(tx.commit().await?)
    }

    async fn job_mark(&self, scope: &Scope, job: &str) -> Result<i64, MemoryError> {
        let mut reader = self.database.read().await?;
        settings::job_mark(&mut reader, scope, job).await
    }

    async fn set_job_mark(&self, scope: &Scope, job: &str, mark: i64) -> Result<(), MemoryError> {
        let mut tx = self.database.write().await?;
        settings::put_job_mark(&mut tx, scope, job, mark).await?;
        Ok(tx.commit().await?)
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

    async fn erase(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let erased = write::erase(&self.database, scope).await?;
        erase::cut_log(&self.database).await?;
        Ok(erased)
    }

    async fn users(&self, tenant: &TenantId) -> Result<Vec<UserId>, MemoryError> {
        let of = |e| SqlError::of("list", "users", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT user_id FROM memory_heads WHERE tenant = $1
             UNION SELECT user_id FROM memory_consents WHERE tenant = $1
             UNION SELECT user_id FROM memory_retention WHERE tenant = $1 ORDER BY user_id",
        )
        .bind(tenant.as_str())
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        let user = |row: &AnyRow| row.try_get::<String, _>("user_id").map(UserId::new);
        Ok(rows
            .iter()
            .map(user)
            .collect::<Result<_, _>>()
            .map_err(of)?)
    }

    async fn bytes(&self, tenant: &TenantId) -> Result<u64, MemoryError> {
        let of = |e| SqlError::of("sum", "bytes of records", e);
        let mut reader = self.database.read().await?;
        let sum = match self.database.dialect() {
            Dialect::Sqlite => {
                "SELECT CAST(COALESCE(SUM(LENGTH(CAST(text AS BLOB)) +
                 LENGTH(CAST(COALESCE(caption, '') AS BLOB))), 0) AS BIGINT) AS bytes
                 FROM memory_records WHERE tenant = $1"
            }
            Dialect::Postgres => {
                "SELECT CAST(COALESCE(SUM(OCTET_LENGTH(text) +
                 OCTET_LENGTH(COALESCE(caption, ''))), 0) AS BIGINT) AS bytes
                 FROM memory_records WHERE tenant = $1"
            }
        };
        let row = sqlx::query(sum)
            .bind(tenant.as_str())
            .fetch_one(&mut *reader)
            .await
            .map_err(of)?;
        let bytes: i64 = row.try_get("bytes").map_err(of)?;
        Ok(bytes.unsigned_abs())
    }

    async fn heads(&self, tenant: &TenantId) -> Result<Vec<(UserId, i64)>, MemoryError> {
        let of = |e| SqlError::of("list", "heads of logs", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT user_id, sequence FROM memory_heads WHERE tenant = $1 AND sequence > 0
             ORDER BY user_id",
        )
        .bind(tenant.as_str())
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        let head = |row: &AnyRow| {
            let user = row.try_get::<String, _>("user_id").map(UserId::new)?;
            Ok((user, row.try_get("sequence")?))
        };
        Ok(rows
            .iter()
            .map(head)
            .collect::<Result<_, _>>()
            .map_err(of)?)
    }

    async fn log_after(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, MemoryError> {
        let mut reader = self.database.read().await?;
        let dialect = self.database.dialect();
        // SQLite plans a statement anew for every limit that is bound.
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {} AS entries, {} AS records
             FROM (SELECT sequence, record_id, r.*
                   FROM memory_log l
                   LEFT JOIN memory_records r
                     ON r.tenant = l.tenant AND r.user_id = l.user_id AND r.id = l.record_id
                   WHERE l.tenant = $1 AND l.user_id = $2 AND l.sequence > $3
                   ORDER BY l.sequence LIMIT {limit}) AS logged",
            dialect.json_of_rows("sequence, record_id", "TRUE"),
            dialect.json_of_rows(COLUMNS, "id IS NOT NULL"),
        )))
        .bind(scope.tenant().as_str())
        .bind(scope.user().as_str())
        .bind(after)
        .fetch_one(&mut *reader)
        .await
        .map_err(|e| SqlError::of("read", "the log", e))?;
        row::log_entries(&row)
    }

    async fn head(&self, scope: &Scope) -> Result<i64, MemoryError> {
        let of = |e| SqlError::of("read", "the head of a log", e);
        let mut reader = self.database.read().await?;
        let row =
            sqlx::query("SELECT sequence FROM memory_heads WHERE tenant = $1 AND user_id = $2")
                .bind(scope.tenant().as_str())
                .bind(scope.user().as_str())
                .fetch_optional(&mut *reader)
                .await
                .map_err(of)?;
        row.as_ref()
            .map_or(Ok(0), |row| row::number(row, "sequence"))
    }

    async fn everybody(
        &self,
        after: Option<&Scope>,
        limit: u32,
    ) -> Result<Vec<Scope>, MemoryError> {
        let of = |e| SqlError::of("list", "everybody", e);
        let mut reader = self.database.read_much().await?;
        let (tenant, user) = after.map_or(("", ""), |s| (s.tenant().as_str(), s.user().as_str()));
        let rows = sqlx::query(
            "SELECT tenant, user_id FROM memory_heads
             WHERE sequence > 0 AND (tenant > $1 OR (tenant = $2 AND user_id > $3))
             ORDER BY tenant, user_id LIMIT $4",
        )
        .bind(tenant)
        .bind(tenant)
        .bind(user)
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        let scope = |row: &AnyRow| {
            let tenant = row::text(row, "tenant").map(TenantId::new)?;
            Ok(Scope::new(
                tenant,
                row::text(row, "user_id").map(UserId::new)?,
            ))
        };
        rows.iter().map(scope).collect()
    }

    async fn embedders(&self) -> Result<Vec<KnownEmbedder>, MemoryError> {
        let mut reader = self.database.read().await?;
        embedder::list(&mut reader).await
    }

    async fn note_embedder(&self, embedder: &KnownEmbedder) -> Result<(), MemoryError> {
        Ok(embedder::note(&self.database, embedder).await?)
    }

    async fn settle_embedder(&self, id: &str) -> Result<(), MemoryError> {
        Ok(embedder::settle(&self.database, id).await?)
    }

    async fn projector_turn(
        &self,
        scope: &Scope,
        index: &str,
    ) -> Result<ProjectorTurn, MemoryError> {
        let (tenant, user) = (scope.tenant().as_str(), scope.user().as_str());
        let name = format!("memory projector {index} {} {tenant} {user}", tenant.len());
        Ok(ProjectorTurn::new(self.database.lock(&name).await?))
    }
}

impl SqlRecordStore {
    /// In one row: handing over a row at a time costs more than finding it.
    async fn get_chunk(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError> {
        let statement = format!(
            "SELECT {} AS records FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4) AND id IN ({})",
            self.database.dialect().json_of_rows(COLUMNS, "TRUE"),
            places(5, ids.len())
        );
        let of = |e| SqlError::of("get", "records", e);
        let mut query = sqlx::query(AssertSqlSafe(statement))
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str())
            .bind(session(scope))
            .bind(session(scope));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let mut reader = self.database.read().await?;
        let row = query.fetch_one(&mut *reader).await.map_err(of)?;
        row::records(row.try_get("records").map_err(of)?)
    }
}

/// `$3, $4, $5`: that many parameters from `first` on.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|i| format!("${i}")).collect();
    places.join(", ")
}

/// The session to filter by; empty stands for any.
fn session(scope: &Scope) -> &str {
    scope.session().map_or("", |session| session.as_str())
}
