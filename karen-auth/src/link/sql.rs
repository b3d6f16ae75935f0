//! Links in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError};
use sqlx::any::AnyRow;

use super::{ForeignIdentity, Link, LinkStore};
use crate::stored::{parsed, value};
use crate::{AccountId, AuthError};

/// Links, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlLinkStore(Database);

impl SqlLinkStore {
    /// A store over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl LinkStore for SqlLinkStore {
    async fn find(&self, identity: &ForeignIdentity) -> Result<Option<AccountId>, AuthError> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT account FROM auth_links WHERE issuer = $1 AND subject = $2")
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("find", "a link", e))?;
        row.as_ref()
            .map(|row| parsed(row, "account", AccountId::parse))
            .transpose()
    }

    async fn insert(
        &self,
        identity: &ForeignIdentity,
        account: &AccountId,
        at_ms: i64,
    ) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "INSERT INTO auth_links (issuer, subject, account, created_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(identity.issuer.as_str())
        .bind(identity.subject.as_str())
        .bind(account.as_str())
        .bind(at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("link", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn list(&self, account: &AccountId) -> Result<Vec<Link>, AuthError> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query("SELECT * FROM auth_links WHERE account = $1 ORDER BY issuer")
            .bind(account.as_str())
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| SqlError::of("list links of", account.as_str(), e))?;
        rows.iter().map(link).collect()
    }

    async fn delete(&self, account: &AccountId, issuer: &str) -> Result<bool, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_links WHERE account = $1 AND issuer = $2")
            .bind(account.as_str())
            .bind(issuer)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("unlink", account.as_str(), e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

fn link(row: &AnyRow) -> Result<Link, AuthError> {
    Ok(Link {
        issuer: value(row, "issuer")?,
        since_ms: value(row, "created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::link_store;
    use crate::testing::stores::{database, fails, file_database, sabotaged};

    #[tokio::test(flavor = "multi_thread")]
    async fn it_keeps_the_contract() {
        link_store(Arc::new(SqlLinkStore::new(database().await))).await;
        let (_folder, database) = file_database().await;
        link_store(Arc::new(SqlLinkStore::new(database))).await;
    }

    #[tokio::test]
    async fn a_store_that_breaks_a_promise_fails_the_suite() {
        for trigger in [
            // A link that takes every other of its issuer along.
            "CREATE TRIGGER broken AFTER DELETE ON auth_links BEGIN
             DELETE FROM auth_links WHERE issuer = OLD.issuer; END",
            // A link that forgets whose it is.
            "CREATE TRIGGER broken AFTER INSERT ON auth_links BEGIN
             UPDATE auth_links SET account = 'usr_00000000000000000000000000000001'
             WHERE subject = NEW.subject; END",
        ] {
            let store = SqlLinkStore::new(sabotaged(trigger).await);
            assert!(fails(link_store(Arc::new(store))).await, "{trigger}");
        }
    }
}
