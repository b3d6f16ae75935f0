//! Passkeys in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::any::AnyRow;

use super::{Passkey, PasskeyStore, PasskeyUse};
use crate::stored::{damaged, parsed, value};
use crate::{AccountId, AuthError, PasskeyId};

/// Passkeys, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlPasskeyStore(Database);

impl SqlPasskeyStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl PasskeyStore for SqlPasskeyStore {
    async fn insert(&self, passkey: &Passkey) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "INSERT INTO auth_passkeys (id, account, credential, public_key, counter, name,
               transports, backup_eligible, backed_up, created_at, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (credential) DO NOTHING",
        )
        .bind(passkey.id.as_str())
        .bind(passkey.account.as_str())
        .bind(passkey.credential.as_slice())
        .bind(passkey.public_key.as_slice())
        .bind(i64::from(passkey.counter))
        .bind(passkey.name.as_str())
        .bind(passkey.transports.join(" "))
        .bind(i64::from(passkey.backup_eligible))
        .bind(i64::from(passkey.backed_up))
        .bind(passkey.created_at_ms)
        .bind(passkey.used_at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("insert", passkey.id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn find(&self, credential: &[u8]) -> Result<Option<Passkey>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT * FROM auth_passkeys WHERE credential = $1")
            .bind(credential)
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("find", "a passkey", e))?;
        row.as_ref().map(passkey).transpose()
    }

    async fn list(&self, account: &AccountId) -> Result<Vec<Passkey>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows =
            sqlx::query("SELECT * FROM auth_passkeys WHERE account = $1 ORDER BY created_at, id")
                .bind(account.as_str())
                .fetch_all(&mut *reader)
                .await
                .map_err(|e| SqlError::of("list passkeys of", account.as_str(), e))?;
        rows.iter().map(passkey).collect()
    }

    async fn rename(
        &self,
        account: &AccountId,
        id: &PasskeyId,
        name: &str,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("UPDATE auth_passkeys SET name = $1 WHERE account = $2 AND id = $3")
            .bind(name)
            .bind(account.as_str())
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("rename", id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn note_use(&self, id: &PasskeyId, used: PasskeyUse) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE auth_passkeys SET counter = $1, backed_up = $2, used_at = $3
             WHERE id = $4 AND (counter < $1 OR (counter = 0 AND $1 = 0))",
        )
        .bind(i64::from(used.counter))
        .bind(i64::from(used.backed_up))
        .bind(used.at_ms)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("use", id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete(&self, account: &AccountId, id: &PasskeyId) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_passkeys WHERE account = $1 AND id = $2")
            .bind(account.as_str())
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", id.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete_all(&self, account: &AccountId) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_passkeys WHERE account = $1")
            .bind(account.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete passkeys of", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

fn passkey(row: &AnyRow) -> Result<Passkey, AuthError> {
    let counter: i64 = value(row, "counter")?;
    let transports: String = value(row, "transports")?;
    Ok(Passkey {
        id: parsed(row, "id", PasskeyId::parse)?,
        account: parsed(row, "account", AccountId::parse)?,
        credential: value(row, "credential")?,
        public_key: value(row, "public_key")?,
        counter: u32::try_from(counter).map_err(|_| damaged("counter"))?,
        name: value(row, "name")?,
        transports: transports.split_whitespace().map(str::to_owned).collect(),
        backup_eligible: value::<i64>(row, "backup_eligible")? != 0,
        backed_up: value::<i64>(row, "backed_up")? != 0,
        created_at_ms: value(row, "created_at")?,
        used_at_ms: value(row, "used_at")?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::passkey_store;
    use crate::testing::stores::{database, fails, file_database, sabotaged};

    #[tokio::test(flavor = "multi_thread")]
    async fn it_keeps_the_contract() {
        passkey_store(Arc::new(SqlPasskeyStore::new(database().await))).await;
        let (_folder, database) = file_database().await;
        passkey_store(Arc::new(SqlPasskeyStore::new(database))).await;
    }

    #[tokio::test]
    async fn a_store_that_breaks_a_promise_fails_the_suite() {
        for trigger in [
            // A counter that can be used again.
            "CREATE TRIGGER broken AFTER UPDATE OF counter ON auth_passkeys BEGIN
             UPDATE auth_passkeys SET counter = OLD.counter WHERE id = NEW.id; END",
            // A passkey that takes everybody's along.
            "CREATE TRIGGER broken AFTER DELETE ON auth_passkeys BEGIN
             DELETE FROM auth_passkeys; END",
            // A credential that goes to whoever comes last.
            "CREATE TRIGGER broken BEFORE INSERT ON auth_passkeys BEGIN
             DELETE FROM auth_passkeys WHERE credential = NEW.credential; END",
            // A name that is everybody's.
            "CREATE TRIGGER broken AFTER UPDATE OF name ON auth_passkeys BEGIN
             UPDATE auth_passkeys SET name = NEW.name WHERE name <> NEW.name; END",
        ] {
            let store = SqlPasskeyStore::new(sabotaged(trigger).await);
            assert!(fails(passkey_store(Arc::new(store))).await, "{trigger}");
        }
    }
}
