//! Signing keys in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError, SqlErrorKind, Tx};
use sqlx::any::AnyRow;

use super::{SealedSigningKey, SigningKeyStore};
use crate::AuthError;
use crate::stored::value;

/// Signing keys, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlSigningKeyStore(Database);

impl SqlSigningKeyStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl SigningKeyStore for SqlSigningKeyStore {
    async fn list(&self) -> Result<Vec<SealedSigningKey>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query("SELECT * FROM auth_signing_keys ORDER BY seq DESC")
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| SqlError::of("list", "signing keys", e))?;
        rows.iter().map(read).collect()
    }

    async fn append(
        &self,
        key: &SealedSigningKey,
        earlier_until_ms: i64,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        end_earlier(&mut tx, key.seq, earlier_until_ms).await?;
        if newest(&mut tx).await? != key.seq - 1 {
            return Ok(false);
        }
        match insert(&mut tx, key).await {
            // On PostgreSQL two instances may append at the same time; the number is unique.
            Err(error) if error.kind() == SqlErrorKind::Conflict => return Ok(false),
            done => done?,
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn reseal(&self, kid: &str, sealed: &[u8]) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("UPDATE auth_signing_keys SET sealed = $1 WHERE kid = $2")
            .bind(sealed)
            .bind(kid)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("reseal", "signing key", e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_ended(&self, now_ms: i64) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_signing_keys WHERE until <= $1")
            .bind(now_ms)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "ended signing keys", e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

async fn end_earlier(tx: &mut Tx, seq: i64, until_ms: i64) -> Result<(), SqlError> {
    sqlx::query("UPDATE auth_signing_keys SET until = $1 WHERE until IS NULL AND seq = $2")
        .bind(until_ms)
        .bind(seq - 1)
        .execute(&mut **tx)
        .await
        .map_err(|e| SqlError::of("end", "signing key", e))?;
    Ok(())
}

async fn newest(tx: &mut Tx) -> Result<i64, AuthError> {
    let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS seq FROM auth_signing_keys")
        .fetch_one(&mut **tx)
        .await
        .map_err(|e| SqlError::of("count", "signing keys", e))?;
    value(&row, "seq")
}

async fn insert(tx: &mut Tx, key: &SealedSigningKey) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO auth_signing_keys (seq, kid, sealed, created_at, until)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.seq)
    .bind(key.kid.as_str())
    .bind(key.sealed.as_slice())
    .bind(key.created_at_ms)
    .bind(key.until_ms)
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("insert", "signing key", e))?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<SealedSigningKey, AuthError> {
    Ok(SealedSigningKey {
        seq: value(row, "seq")?,
        kid: value(row, "kid")?,
        sealed: value(row, "sealed")?,
        created_at_ms: value(row, "created_at")?,
        until_ms: value(row, "until")?,
    })
}

#[cfg(test)]
mod tests;
