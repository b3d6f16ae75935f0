//! API keys in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::any::AnyRow;

use super::{ApiKey, ApiKeyStore};
use crate::stored::{parsed, stored_count, use_limits, value};
use crate::{AccountId, ApiKeyId, AuthError, Permissions, TenantId, TokenHash, UseLimits};

/// The truth about API keys, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlApiKeyStore(Database);

impl SqlApiKeyStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl ApiKeyStore for SqlApiKeyStore {
    async fn insert(&self, key: &ApiKey, hash: &TokenHash) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_api_keys (id, tenant, account, name, prefix, hash, permissions,
                                        created_at, last_used_at, expires_at, tokens_per_day,
                                        tokens_per_month, cost_per_day, cost_per_month)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(key.id.as_str())
        .bind(key.tenant.as_str())
        .bind(key.account.as_str())
        .bind(key.name.as_str())
        .bind(key.prefix.as_str())
        .bind(hash.as_bytes())
        .bind(key.permissions.to_string())
        .bind(key.created_at_ms)
        .bind(key.last_used_at_ms)
        .bind(key.expires_at_ms)
        .bind(stored_count(key.limits.tokens_per_day))
        .bind(stored_count(key.limits.tokens_per_month))
        .bind(stored_count(key.limits.cost_micros_per_day))
        .bind(stored_count(key.limits.cost_micros_per_month))
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("insert", key.id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn find(&self, hash: &TokenHash) -> Result<Option<ApiKey>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT * FROM auth_api_keys WHERE hash = $1")
            .bind(hash.as_bytes())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("find", "API key", e))?;
        row.as_ref().map(read).transpose()
    }

    async fn list(&self, tenant: &TenantId, account: &AccountId) -> Result<Vec<ApiKey>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT * FROM auth_api_keys WHERE tenant = $1 AND account = $2
             ORDER BY created_at DESC, id DESC",
        )
        .bind(tenant.as_str())
        .bind(account.as_str())
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list API keys of", account.as_str(), e))?;
        rows.iter().map(read).collect()
    }

    async fn touch(&self, tenant: &TenantId, key: &ApiKeyId, at_ms: i64) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query("UPDATE auth_api_keys SET last_used_at = $1 WHERE tenant = $2 AND id = $3")
            .bind(at_ms)
            .bind(tenant.as_str())
            .bind(key.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("touch", key.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn limits(
        &self,
        tenant: &TenantId,
        key: &ApiKeyId,
    ) -> Result<Option<UseLimits>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT tokens_per_day, tokens_per_month, cost_per_day, cost_per_month
             FROM auth_api_keys WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.as_str())
        .bind(key.as_str())
        .fetch_optional(&mut *reader)
        .await
        .map_err(|e| SqlError::of("find limits of", key.as_str(), e))?;
        row.as_ref().map(use_limits).transpose()
    }

    async fn set_limits(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        key: &ApiKeyId,
        limits: &UseLimits,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_api_keys SET tokens_per_day = $1, tokens_per_month = $2,
             cost_per_day = $3, cost_per_month = $4
             WHERE tenant = $5 AND account = $6 AND id = $7",
        )
        .bind(stored_count(limits.tokens_per_day))
        .bind(stored_count(limits.tokens_per_month))
        .bind(stored_count(limits.cost_micros_per_day))
        .bind(stored_count(limits.cost_micros_per_month))
        .bind(tenant.as_str())
        .bind(account.as_str())
        .bind(key.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("set limits of", key.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        key: &ApiKeyId,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done =
            sqlx::query("DELETE FROM auth_api_keys WHERE tenant = $1 AND account = $2 AND id = $3")
                .bind(tenant.as_str())
                .bind(account.as_str())
                .bind(key.as_str())
                .execute(&mut *tx)
                .await
                .map_err(|e| SqlError::of("delete", key.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<ApiKey, AuthError> {
    Ok(ApiKey {
        id: parsed(row, "id", ApiKeyId::parse)?,
        tenant: parsed(row, "tenant", TenantId::parse)?,
        account: parsed(row, "account", AccountId::parse)?,
        name: value(row, "name")?,
        prefix: value(row, "prefix")?,
        permissions: parsed(row, "permissions", str::parse::<Permissions>)?,
        created_at_ms: value(row, "created_at")?,
        last_used_at_ms: value(row, "last_used_at")?,
        expires_at_ms: value(row, "expires_at")?,
        limits: use_limits(row)?,
    })
}

#[cfg(test)]
mod tests;
