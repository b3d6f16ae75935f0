//! Sessions in SQL.

use std::net::IpAddr;

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::any::AnyRow;

use super::{Session, SessionKey, SessionStore};
use crate::stored::{damaged, parsed, parsed_if_any, value};
use crate::{AccountId, AuthError, Device, SessionId, TenantId};

/// The truth about sessions, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlSessionStore(Database);

impl SqlSessionStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl SessionStore for SqlSessionStore {
    async fn insert(&self, session: &Session) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_sessions (id, tenant, account, key, counter, device, address,
                                        created_at, authenticated_at, refreshed_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(session.id.as_str())
        .bind(session.tenant.as_str())
        .bind(session.account.as_str())
        .bind(session.key.expose())
        .bind(counter(session.counter))
        .bind(session.device.name.as_deref())
        .bind(session.device.address.map(|address| address.to_string()))
        .bind(session.created_at_ms)
        .bind(session.authenticated_at_ms)
        .bind(session.refreshed_at_ms)
        .bind(session.expires_at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("insert", session.id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn find(&self, session: &SessionId) -> Result<Option<Session>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT * FROM auth_sessions WHERE id = $1")
            .bind(session.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("find", session.as_str(), e))?;
        row.as_ref().map(read).transpose()
    }

    async fn list(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<Vec<Session>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT * FROM auth_sessions WHERE tenant = $1 AND account = $2
             ORDER BY created_at DESC, id DESC",
        )
        .bind(tenant.as_str())
        .bind(account.as_str())
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list sessions of", account.as_str(), e))?;
        rows.iter().map(read).collect()
    }

    async fn advance(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        from: u64,
        at_ms: i64,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_sessions SET counter = counter + 1, refreshed_at = $1
             WHERE tenant = $2 AND id = $3 AND counter = $4",
        )
        .bind(at_ms)
        .bind(tenant.as_str())
        .bind(session.as_str())
        .bind(counter(from))
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("advance", session.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_authenticated(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        at_ms: i64,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_sessions SET authenticated_at = $1 WHERE tenant = $2 AND id = $3",
        )
        .bind(at_ms)
        .bind(tenant.as_str())
        .bind(session.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("mark", session.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn rename(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        session: &SessionId,
        name: &str,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_sessions SET device = $1 WHERE tenant = $2 AND account = $3 AND id = $4",
        )
        .bind(name)
        .bind(tenant.as_str())
        .bind(account.as_str())
        .bind(session.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("rename", session.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        session: &SessionId,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done =
            sqlx::query("DELETE FROM auth_sessions WHERE tenant = $1 AND account = $2 AND id = $3")
                .bind(tenant.as_str())
                .bind(account.as_str())
                .bind(session.as_str())
                .execute(&mut *tx)
                .await
                .map_err(|e| SqlError::of("delete", session.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_all(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        kept: Option<&SessionId>,
    ) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "DELETE FROM auth_sessions WHERE tenant = $1 AND account = $2 AND id <> $3",
        )
        .bind(tenant.as_str())
        .bind(account.as_str())
        .bind(kept.map_or("", SessionId::as_str))
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("delete sessions of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError> {
        if !self.has_expired(now_ms).await? {
            return Ok(0);
        }
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_sessions WHERE expires_at <= $1")
            .bind(now_ms)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "expired sessions", e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

impl SqlSessionStore {
    /// Asked first, so that opening a tidy database writes nothing.
    async fn has_expired(&self, now_ms: i64) -> Result<bool, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT id FROM auth_sessions WHERE expires_at <= $1 LIMIT 1")
            .bind(now_ms)
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("find", "expired sessions", e))?;
        Ok(row.is_some())
    }
}

fn counter(value: u64) -> i64 {
    i64::try_from(value).expect("nobody refreshes 2^63 times")
}

fn read(row: &AnyRow) -> Result<Session, AuthError> {
    let key: Vec<u8> = value(row, "key")?;
    let counter: i64 = value(row, "counter")?;
    Ok(Session {
        id: parsed(row, "id", SessionId::parse)?,
        tenant: parsed(row, "tenant", TenantId::parse)?,
        account: parsed(row, "account", AccountId::parse)?,
        key: SessionKey::stored(key.try_into().map_err(|_| damaged("key"))?),
        counter: u64::try_from(counter).map_err(|_| damaged("counter"))?,
        device: Device {
            name: value(row, "device")?,
            address: parsed_if_any(row, "address", address)?,
            known: None,
        },
        created_at_ms: value(row, "created_at")?,
        authenticated_at_ms: value(row, "authenticated_at")?,
        refreshed_at_ms: value(row, "refreshed_at")?,
        expires_at_ms: value(row, "expires_at")?,
    })
}

fn address(text: &str) -> Result<IpAddr, AuthError> {
    text.parse().map_err(|_| damaged("address"))
}

#[cfg(test)]
mod tests;
