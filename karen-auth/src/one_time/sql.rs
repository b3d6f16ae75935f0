//! Tokens that are good once, in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::any::AnyRow;

use super::{OneTimeToken, OneTimeTokenStore, Purpose};
use crate::stored::{parsed, parsed_if_any, value};
use crate::{AccountId, AuthError, OneTimeTokenId, TenantId, TokenHash};

/// Tokens that are good once, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlOneTimeTokenStore(Database);

impl SqlOneTimeTokenStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl OneTimeTokenStore for SqlOneTimeTokenStore {
    async fn put(&self, token: &OneTimeToken, hash: &TokenHash) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_one_time (id, hash, purpose, tenant, account, detail, tries,
                                        created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
        )
        .bind(token.id.as_str())
        .bind(hash.as_bytes())
        .bind(token.purpose.as_str())
        .bind(token.tenant.as_str())
        .bind(token.account.as_ref().map(AccountId::as_str))
        .bind(token.detail.as_str())
        .bind(token.created_at_ms)
        .bind(token.expires_at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("put", token.id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn find(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT * FROM auth_one_time WHERE hash = $1 AND purpose = $2 AND expires_at > $3",
        )
        .bind(hash.as_bytes())
        .bind(purpose.as_str())
        .bind(now_ms)
        .fetch_optional(&mut *reader)
        .await
        .map_err(|e| SqlError::of("find", "one-time token", e))?;
        row.as_ref().map(read).transpose()
    }

    async fn count_try(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        tries_max: u32,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError> {
        let mut tx = self.0.write().await?;
        let row = sqlx::query(
            "UPDATE auth_one_time SET tries = tries + 1
             WHERE hash = $1 AND purpose = $2 AND expires_at > $3 AND tries < $4 RETURNING *",
        )
        .bind(hash.as_bytes())
        .bind(purpose.as_str())
        .bind(now_ms)
        .bind(i64::from(tries_max))
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| SqlError::of("try", "one-time token", e))?;
        tx.commit().await?;
        row.as_ref().map(read).transpose()
    }

    async fn take(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError> {
        let mut tx = self.0.write().await?;
        let row = sqlx::query(
            "DELETE FROM auth_one_time WHERE hash = $1 AND purpose = $2 AND expires_at > $3
             RETURNING *",
        )
        .bind(hash.as_bytes())
        .bind(purpose.as_str())
        .bind(now_ms)
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| SqlError::of("take", "one-time token", e))?;
        tx.commit().await?;
        row.as_ref().map(read).transpose()
    }

    async fn list(
        &self,
        tenant: &TenantId,
        purpose: Purpose,
        now_ms: i64,
    ) -> Result<Vec<OneTimeToken>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT * FROM auth_one_time WHERE tenant = $1 AND purpose = $2 AND expires_at > $3
             ORDER BY id",
        )
        .bind(tenant.as_str())
        .bind(purpose.as_str())
        .bind(now_ms)
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "one-time tokens", e))?;
        rows.iter().map(read).collect()
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        purpose: Purpose,
        id: &OneTimeTokenId,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done =
            sqlx::query("DELETE FROM auth_one_time WHERE tenant = $1 AND purpose = $2 AND id = $3")
                .bind(tenant.as_str())
                .bind(purpose.as_str())
                .bind(id.as_str())
                .execute(&mut *tx)
                .await
                .map_err(|e| SqlError::of("delete", id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_of(&self, account: &AccountId, purpose: Purpose) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_one_time WHERE account = $1 AND purpose = $2")
            .bind(account.as_str())
            .bind(purpose.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete tokens of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_one_time WHERE expires_at <= $1")
            .bind(now_ms)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "expired one-time tokens", e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<OneTimeToken, AuthError> {
    Ok(OneTimeToken {
        id: parsed(row, "id", OneTimeTokenId::parse)?,
        purpose: parsed(row, "purpose", Purpose::parse)?,
        tenant: parsed(row, "tenant", TenantId::parse)?,
        account: parsed_if_any(row, "account", AccountId::parse)?,
        detail: value(row, "detail")?,
        created_at_ms: value(row, "created_at")?,
        expires_at_ms: value(row, "expires_at")?,
    })
}

#[cfg(test)]
mod tests;
