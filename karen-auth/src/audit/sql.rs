//! The audit log in SQL.

use std::net::IpAddr;

use async_trait::async_trait;
use karen_sql::{Database, SqlError, SqlErrorKind, Tx};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{AuditAction, AuditChain, AuditCheckpoint, AuditEntry, AuditEvent, AuditLog, Outcome};
use crate::stored::{damaged, parsed, parsed_if_any, value};
use crate::{AccountId, AuthError, TenantId};

/// Two instances on PostgreSQL may reach for the same number; the one that loses tries again.
const ATTEMPTS_MAX: usize = 16;

/// The audit log, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlAuditLog(Database);

impl SqlAuditLog {
    /// A log over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    async fn append_once(&self, event: &AuditEvent) -> Result<AuditEntry, SqlError> {
        let mut tx = self.0.write().await?;
        let entry = end(&mut tx, &event.tenant).await?.link(event.clone());
        insert(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(entry)
    }
}

#[async_trait]
impl AuditLog for SqlAuditLog {
    async fn append(&self, event: &AuditEvent) -> Result<AuditEntry, AuthError> {
        for _ in 1..ATTEMPTS_MAX {
            match self.append_once(event).await {
                Err(error) if error.kind() == SqlErrorKind::Conflict => {}
                done => return Ok(done?),
            }
        }
        Ok(self.append_once(event).await?)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT * FROM auth_audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "audit entries", e))?;
        rows.iter().map(read).collect()
    }

    async fn about(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT * FROM auth_audit WHERE tenant = $1 AND seq > $2
             AND (actor = $3 OR subject = $3) ORDER BY seq LIMIT $4",
        )
        .bind(tenant.as_str())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(account.as_str())
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "audit entries about an account", e))?;
        rows.iter().map(read).collect()
    }

    async fn last_before(
        &self,
        tenant: &TenantId,
        before_ms: i64,
    ) -> Result<Option<u64>, AuthError> {
        let of = |e| SqlError::of("find old entries of", "audit log", e);
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT MAX(seq) AS last FROM auth_audit WHERE tenant = $1 AND seq < COALESCE(
               (SELECT MIN(seq) FROM auth_audit WHERE tenant = $1 AND at >= $2), $3)",
        )
        .bind(tenant.as_str())
        .bind(before_ms)
        .bind(i64::MAX)
        .fetch_one(&mut *reader)
        .await
        .map_err(of)?;
        let last: Option<i64> = row.try_get("last").map_err(of)?;
        Ok(last.and_then(|last| u64::try_from(last).ok()))
    }

    async fn cut(&self, checkpoint: &AuditCheckpoint) -> Result<(), AuthError> {
        let (tenant, (seq, _)) = (checkpoint.tenant().as_str(), checkpoint.head());
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_audit_cuts (tenant, checkpoint) VALUES ($1, $2)
             ON CONFLICT (tenant) DO UPDATE SET checkpoint = excluded.checkpoint",
        )
        .bind(tenant)
        .bind(checkpoint.to_string())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("keep checkpoint of", "audit log", e))?;
        sqlx::query("DELETE FROM auth_audit WHERE tenant = $1 AND seq <= $2")
            .bind(tenant)
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("cut", "audit log", e))?;
        Ok(tx.commit().await?)
    }

    async fn begins_after(&self, tenant: &TenantId) -> Result<Option<AuditCheckpoint>, AuthError> {
        let mut reader = self.0.read().await?;
        let checkpoint = last_cut(&mut reader, tenant).await?;
        let read = |text: String| text.parse().map_err(|_| damaged("checkpoint"));
        checkpoint.map(read).transpose()
    }
}

async fn last_cut(
    connection: &mut AnyConnection,
    tenant: &TenantId,
) -> Result<Option<String>, SqlError> {
    let of = |e| SqlError::of("read checkpoint of", "audit log", e);
    let row = sqlx::query("SELECT checkpoint FROM auth_audit_cuts WHERE tenant = $1")
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await
        .map_err(of)?;
    row.map(|row| row.try_get("checkpoint").map_err(of))
        .transpose()
}

/// Where the tenant's chain ends. Reads no more than that: a damaged entry is for the reader of the
/// log to find, and must not lock everybody out.
async fn end(tx: &mut Tx, tenant: &TenantId) -> Result<AuditChain, SqlError> {
    let of = |e| SqlError::of("read end of", "audit log", e);
    let row =
        sqlx::query("SELECT seq, hash FROM auth_audit WHERE tenant = $1 ORDER BY seq DESC LIMIT 1")
            .bind(tenant.as_str())
            .fetch_optional(&mut **tx)
            .await
            .map_err(of)?;
    let Some(row) = row else {
        return cut_end(tx, tenant).await;
    };
    let seq: i64 = row.try_get("seq").map_err(of)?;
    let hash: Vec<u8> = row.try_get("hash").map_err(of)?;
    match (u64::try_from(seq), hash.try_into()) {
        (Ok(seq), Ok(hash)) => Ok(AuditChain::resume(seq, hash)),
        _ => Err(unreadable_end()),
    }
}

/// The end of a log without entries: where it was cut, or its beginning.
async fn cut_end(tx: &mut Tx, tenant: &TenantId) -> Result<AuditChain, SqlError> {
    let Some(text) = last_cut(tx, tenant).await? else {
        return Ok(AuditChain::default());
    };
    let checkpoint: AuditCheckpoint = text.parse().map_err(|_| unreadable_end())?;
    let (seq, hash) = checkpoint.head();
    Ok(AuditChain::resume(seq, hash))
}

fn unreadable_end() -> SqlError {
    SqlError::new(SqlErrorKind::Corrupt, "read end of", "audit log")
}

async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), SqlError> {
    let event = &entry.event;
    sqlx::query(
        "INSERT INTO auth_audit (tenant, seq, at, action, outcome, actor, subject, address, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(event.tenant.as_str())
    .bind(i64::try_from(entry.seq).expect("nobody logs 2^63 entries"))
    .bind(event.at_ms)
    .bind(event.action.as_str())
    .bind(event.outcome.as_str())
    .bind(event.actor.as_ref().map(AccountId::as_str))
    .bind(event.subject.as_deref())
    .bind(event.address.map(|address| address.to_string()))
    .bind(&entry.hash[..])
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("append to", "audit log", e))?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<AuditEntry, AuthError> {
    let seq: i64 = value(row, "seq")?;
    let hash: Vec<u8> = value(row, "hash")?;
    Ok(AuditEntry {
        seq: u64::try_from(seq).map_err(|_| damaged("seq"))?,
        event: AuditEvent {
            tenant: parsed(row, "tenant", TenantId::parse)?,
            at_ms: value(row, "at")?,
            action: parsed(row, "action", str::parse::<AuditAction>)?,
            outcome: parsed(row, "outcome", outcome)?,
            actor: parsed_if_any(row, "actor", AccountId::parse)?,
            subject: value(row, "subject")?,
            address: parsed_if_any(row, "address", address)?,
        },
        hash: hash.try_into().map_err(|_| damaged("hash"))?,
    })
}

fn outcome(text: &str) -> Result<Outcome, AuthError> {
    [Outcome::Allowed, Outcome::Refused]
        .into_iter()
        .find(|outcome| outcome.as_str() == text)
        .ok_or_else(|| damaged("outcome"))
}

fn address(text: &str) -> Result<IpAddr, AuthError> {
    text.parse().map_err(|_| damaged("address"))
}

#[cfg(test)]
mod tests;
