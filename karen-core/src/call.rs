//! Calls that make something, made once however often they are sent.
//!
//! Records are in the database, so that they hold between instances and after a restart; answers are
//! kept encrypted, for they may hold a secret that is shown once.

use std::sync::Arc;

use karen_sql::{Database, SqlError, now_ms};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::karen::Shared;
use crate::{Result, Scope, Session};

/// After this time a name is a fresh one.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// A call that has no answer by then was cut short with its program: its name is free again.
const RUNNING_MAX_MS: i64 = 60_000;
/// What answers are encrypted for.
const PURPOSE: &str = "answer";

/// Whose turn it is to make a call.
#[derive(Debug)]
pub enum Claim {
    /// The caller's: nobody has made it.
    First(Call),
    /// Nobody's: it was made, and answered so.
    Done(Vec<u8>),
    /// Somebody else's, who is making it.
    Running,
    /// Nobody's: the name was given to another call.
    Other,
}

/// A call that its caller is to make. Dropped without an answer to keep, its name is free again.
pub struct Call {
    karen: Arc<Shared>,
    scope: Scope,
    name: String,
    is_kept: bool,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl Session {
    /// Claims the call that the principal has given this name, for 24 hours. `digest` tells it from
    /// another one of the same name.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn claim(&self, name: &str, digest: &str) -> Result<Claim> {
        let (karen, scope) = (self.shared(), self.scope());
        let record = match karen.calls.claim(scope, name, digest, now_ms()).await? {
            None => {
                return Ok(Claim::First(Call {
                    karen: self.handle(),
                    scope: scope.clone(),
                    name: name.to_owned(),
                    is_kept: false,
                }));
            }
            Some(record) => record,
        };
        match record.answer {
            _ if record.digest != digest => Ok(Claim::Other),
            Some(sealed) => Ok(Claim::Done(karen.auth.open_sealed(PURPOSE, name, &sealed)?)),
            None => Ok(Claim::Running),
        }
    }
}

impl Call {
    /// Keeps the answer, for whoever sends the call again.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn keep(mut self, answer: &[u8]) -> Result<()> {
        let sealed = self.karen.auth.seal(PURPOSE, &self.name, answer);
        let calls = &self.karen.calls;
        calls.keep(&self.scope, &self.name, &sealed).await?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let (karen, scope) = (Arc::clone(&self.karen), self.scope.clone());
        let name = std::mem::take(&mut self.name);
        tokio::spawn(async move {
            // A name that could not be set free is free after a minute.
            let _ = karen.calls.release(&scope, &name).await;
        });
    }
}

/// The records, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Calls(Database);

struct Record {
    digest: String,
    begun_at: i64,
    answer: Option<Vec<u8>>,
}

impl Calls {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }

    /// None when the call is now the caller's to make.
    async fn claim(
        &self,
        scope: &Scope,
        name: &str,
        digest: &str,
        now: i64,
    ) -> Result<Option<Record>> {
        if self.insert(scope, name, digest, now).await? {
            return Ok(None);
        }
        let Some(record) = self.find(scope, name).await? else {
            // Its caller has just set it free.
            let is_ours = self.insert(scope, name, digest, now).await?;
            return if is_ours {
                Ok(None)
            } else {
                self.find(scope, name).await
            };
        };
        let lasts = record
            .answer
            .as_ref()
            .map_or(RUNNING_MAX_MS, |_| LIFETIME_MS);
        if now - record.begun_at < lasts {
            return Ok(Some(record));
        }
        match self.take_over(scope, name, digest, &record, now).await? {
            true => Ok(None),
            false => self.find(scope, name).await,
        }
    }

    async fn insert(&self, scope: &Scope, name: &str, digest: &str, now: i64) -> Result<bool> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "INSERT INTO core_calls (tenant, owner, name, digest, begun_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, owner, name) DO NOTHING",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(name)
        .bind(digest)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("claim", "a call", e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn find(&self, scope: &Scope, name: &str) -> Result<Option<Record>> {
        let of = |e| SqlError::of("find", "a call", e);
        let mut reader = self.0.read().await?;
        let row = sqlx::query(
            "SELECT digest, begun_at, answer FROM core_calls
             WHERE tenant = $1 AND owner = $2 AND name = $3",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(name)
        .fetch_optional(&mut *reader)
        .await
        .map_err(of)?;
        Ok(row.as_ref().map(record).transpose().map_err(of)?)
    }

    /// Of several callers that find the same record expired, one gets it.
    async fn take_over(
        &self,
        scope: &Scope,
        name: &str,
        digest: &str,
        expired: &Record,
        now: i64,
    ) -> Result<bool> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query(
            "UPDATE core_calls SET digest = $4, begun_at = $5, answer = NULL
             WHERE tenant = $1 AND owner = $2 AND name = $3 AND begun_at = $6",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(name)
        .bind(digest)
        .bind(now)
        .bind(expired.begun_at)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("take over", "a call", e))?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn keep(&self, scope: &Scope, name: &str, sealed: &[u8]) -> Result<()> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "UPDATE core_calls SET answer = $4 WHERE tenant = $1 AND owner = $2 AND name = $3",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(name)
        .bind(sealed)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("answer", "a call", e))?;
        Ok(tx.commit().await?)
    }

    async fn release(&self, scope: &Scope, name: &str) -> Result<()> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "DELETE FROM core_calls
             WHERE tenant = $1 AND owner = $2 AND name = $3 AND answer IS NULL",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(name)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("release", "a call", e))?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn erase(&self, scope: &Scope) -> Result<()> {
        let mut tx = self.0.write().await?;
        sqlx::query("DELETE FROM core_calls WHERE tenant = $1 AND owner = $2")
            .bind(scope.tenant())
            .bind(scope.user())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("erase", "calls", e))?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn delete_expired(&self) -> Result<()> {
        let mut tx = self.0.write().await?;
        sqlx::query("DELETE FROM core_calls WHERE begun_at < $1")
            .bind(now_ms() - LIFETIME_MS)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "expired calls", e))?;
        Ok(tx.commit().await?)
    }
}

fn record(row: &AnyRow) -> Result<Record, sqlx::Error> {
    Ok(Record {
        digest: row.try_get("digest")?,
        begun_at: row.try_get("begun_at")?,
        answer: row.try_get("answer")?,
    })
}

#[cfg(test)]
mod tests {
    use karen_sql::Location;

    use super::*;
    use crate::schema::MIGRATIONS;

    async fn calls() -> (Calls, Scope) {
        let database = Database::open(Location::Memory).await.expect("open");
        let migrated = database.migrate("core", MIGRATIONS).await;
        migrated.expect("migrate");
        let scope = Scope::stored("t1".to_owned(), "u1".to_owned());
        (Calls::new(database), scope)
    }

    #[tokio::test]
    async fn a_name_is_claimed_once_until_it_expires() {
        let (calls, scope) = calls().await;
        let claim = async |now| {
            let claimed = calls.claim(&scope, "a", "x", now).await.expect("claim");
            claimed.is_none()
        };
        assert!(claim(0).await);
        assert!(!claim(RUNNING_MAX_MS - 1).await, "somebody is making it");
        assert!(claim(RUNNING_MAX_MS).await, "whoever did was cut short");
        calls.keep(&scope, "a", b"made").await.expect("keep");
        assert!(!claim(LIFETIME_MS).await, "it was made");
        assert!(claim(LIFETIME_MS + RUNNING_MAX_MS).await);
    }

    #[tokio::test]
    async fn a_name_that_was_set_free_is_fresh_and_one_that_was_answered_stays() {
        let (calls, scope) = calls().await;
        let other = Scope::stored("t1".to_owned(), "u2".to_owned());
        for scope in [&scope, &other] {
            let claimed = calls.claim(scope, "a", "x", 0).await.expect("claim");
            assert!(claimed.is_none(), "names of two callers never meet");
        }
        calls.release(&scope, "a").await.expect("release");
        let claimed = calls.claim(&scope, "a", "x", 0).await.expect("claim");
        assert!(claimed.is_none());
        calls.keep(&scope, "a", b"made").await.expect("keep");
        calls.release(&scope, "a").await.expect("release");
        let kept = calls.claim(&scope, "a", "x", 1).await.expect("claim");
        assert_eq!(
            kept.expect("a record").answer.as_deref(),
            Some(&b"made"[..])
        );
        calls.erase(&scope).await.expect("erase");
        assert!(calls.find(&scope, "a").await.expect("find").is_none());
        assert!(calls.find(&other, "a").await.expect("find").is_some());
    }
}
