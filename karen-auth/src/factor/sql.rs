//! Second factors in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError, Tx};
use sqlx::any::AnyRow;

use super::{FactorStore, TotpFactor};
use crate::stored::{damaged, parsed, value};
use crate::{AccountId, AuthError, TokenHash};

/// Authenticators and recovery codes, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlFactorStore(Database);

impl SqlFactorStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl FactorStore for SqlFactorStore {
    async fn totp(&self, account: &AccountId) -> Result<Option<TotpFactor>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT * FROM auth_totp WHERE account = $1")
            .bind(account.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("get authenticator of", account.as_str(), e))?;
        row.as_ref().map(totp).transpose()
    }

    async fn begin_totp(&self, account: &AccountId, totp: &TotpFactor) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "INSERT INTO auth_totp (account, sealed, created_at, confirmed_at, last_step)
             VALUES ($1, $2, $3, NULL, $4)
             ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed,
               created_at = excluded.created_at, last_step = excluded.last_step
             WHERE auth_totp.confirmed_at IS NULL",
        )
        .bind(account.as_str())
        .bind(totp.sealed.as_slice())
        .bind(totp.created_at_ms)
        .bind(totp.last_step)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("begin authenticator of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn confirm_totp(
        &self,
        account: &AccountId,
        sealed: &[u8],
        step: i64,
        at_ms: i64,
        codes: &[TokenHash],
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_totp SET confirmed_at = $1, last_step = $2
             WHERE account = $3 AND sealed = $4 AND confirmed_at IS NULL",
        )
        .bind(at_ms)
        .bind(step)
        .bind(account.as_str())
        .bind(sealed)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("confirm authenticator of", account.as_str(), e))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        replace_codes(&mut tx, account, codes).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn use_step(&self, account: &AccountId, step: i64) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_totp SET last_step = $1
             WHERE account = $2 AND confirmed_at IS NOT NULL AND last_step < $1",
        )
        .bind(step)
        .bind(account.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("use code of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_totp(&self, account: &AccountId) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_totp WHERE account = $1")
            .bind(account.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete authenticator of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn put_codes(&self, account: &AccountId, codes: &[TokenHash]) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        replace_codes(&mut tx, account, codes).await?;
        Ok(tx.commit().await?)
    }

    async fn use_code(&self, account: &AccountId, code: &TokenHash) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_recovery_codes WHERE account = $1 AND hash = $2")
            .bind(account.as_str())
            .bind(code.as_bytes())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("use recovery code of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn codes_left(&self, account: &AccountId) -> Result<u32, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT COUNT(*) AS n FROM auth_recovery_codes WHERE account = $1")
            .bind(account.as_str())
            .fetch_one(&mut *reader)
            .await
            .map_err(|e| SqlError::of("count recovery codes of", account.as_str(), e))?;
        let count: i64 = value(&row, "n")?;
        u32::try_from(count).map_err(|_| damaged("n"))
    }

    async fn list(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, TotpFactor)>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows =
            sqlx::query("SELECT * FROM auth_totp WHERE account > $1 ORDER BY account LIMIT $2")
                .bind(after.map_or("", AccountId::as_str))
                .bind(i64::from(limit))
                .fetch_all(&mut *reader)
                .await
                .map_err(|e| SqlError::of("list", "authenticators", e))?;
        let both = |row| Ok((parsed(row, "account", AccountId::parse)?, totp(row)?));
        rows.iter().map(both).collect()
    }

    async fn reseal(&self, account: &AccountId, from: &[u8], to: &[u8]) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done =
            sqlx::query("UPDATE auth_totp SET sealed = $1 WHERE account = $2 AND sealed = $3")
                .bind(to)
                .bind(account.as_str())
                .bind(from)
                .execute(&mut *tx)
                .await
                .map_err(|e| SqlError::of("reseal authenticator of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn replace_codes(
    tx: &mut Tx,
    account: &AccountId,
    codes: &[TokenHash],
) -> Result<(), AuthError> {
    sqlx::query("DELETE FROM auth_recovery_codes WHERE account = $1")
        .bind(account.as_str())
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("delete recovery codes of", account.as_str(), e))?;
    for code in codes {
        sqlx::query("INSERT INTO auth_recovery_codes (account, hash) VALUES ($1, $2)")
            .bind(account.as_str())
            .bind(code.as_bytes())
            .execute(&mut **tx)
            .await
            .map_err(|e| SqlError::of("put recovery codes of", account.as_str(), e))?;
    }
    Ok(())
}

fn totp(row: &AnyRow) -> Result<TotpFactor, AuthError> {
    Ok(TotpFactor {
        sealed: value(row, "sealed")?,
        created_at_ms: value(row, "created_at")?,
        confirmed_at_ms: value(row, "confirmed_at")?,
        last_step: value(row, "last_step")?,
    })
}

#[cfg(test)]
mod tests;
