//! Mails that wait to be sent: in the database, encrypted, so that a crash loses none and an answer
//! never waits for a mail server.

use async_trait::async_trait;
use karen_sql::{Database, Dialect, SqlError};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use uuid::Uuid;

use crate::AuthError;
use crate::stored::value;

/// A mail that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its name, ordered by time.
    pub id: QueuedMailId,
    /// The mail, encrypted under the installation's secret.
    pub sealed: Vec<u8>,
    /// When it is to be sent, unix milliseconds.
    pub due_at_ms: i64,
    /// When it makes no sense any more, unix milliseconds.
    pub expires_at_ms: i64,
}

/// The name of a mail that waits.
pub type QueuedMailId = Uuid;

/// Keeps mails that wait to be sent.
///
/// What an implementation owes its callers, and `testing::mail_queue` checks: durable answers that
/// every later call sees; of callers that claim at the same time, each gets another mail, the one
/// that was due first; a claimed mail is due again later, in growing steps, unless it is deleted;
/// what has expired is never claimed.
#[async_trait]
pub trait MailQueue: Send + Sync {
    /// Keeps a mail.
    async fn put(&self, mail: &QueuedMail) -> Result<(), AuthError>;

    /// The mail that was due first, which is then due again a minute later, and after the n-th
    /// claim n² minutes later.
    async fn claim(&self, now_ms: i64) -> Result<Option<QueuedMail>, AuthError>;

    /// Deletes a mail, which was sent.
    async fn delete(&self, id: QueuedMailId) -> Result<(), AuthError>;

    /// Deletes what has expired; answers how many.
    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError>;
}

/// Mails that wait, in SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct SqlMailQueue(Database);

impl SqlMailQueue {
    /// A queue over `database`, which [`Auth::open`](crate::Auth::open) or
    /// [`migrate`](crate::migrate) has given its tables.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

#[async_trait]
impl MailQueue for SqlMailQueue {
    async fn put(&self, mail: &QueuedMail) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO auth_mail (id, sealed, claims, due_at, expires_at)
             VALUES ($1, $2, 0, $3, $4)",
        )
        .bind(mail.id.simple().to_string())
        .bind(mail.sealed.as_slice())
        .bind(mail.due_at_ms)
        .bind(mail.expires_at_ms)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("put", "mail", e))?;
        Ok(tx.commit().await?)
    }

    async fn claim(&self, now_ms: i64) -> Result<Option<QueuedMail>, AuthError> {
        // SQLite has one writer at a time; in PostgreSQL, whoever finds a mail being claimed takes
        // the next.
        let lock = match self.0.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let mut tx = self.0.write().await?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "UPDATE auth_mail
             SET claims = claims + 1, due_at = $1 + 60000 * (claims + 1) * (claims + 1)
             WHERE id = (
               SELECT id FROM auth_mail WHERE due_at <= $1 AND expires_at > $1
               ORDER BY due_at, id LIMIT 1 {lock})
             RETURNING *"
        )))
        .bind(now_ms)
        .fetch_optional(&mut *tx)
        .await
        .map_err(|e| SqlError::of("claim", "mail", e))?;
        tx.commit().await?;
        row.as_ref().map(read).transpose()
    }

    async fn delete(&self, id: QueuedMailId) -> Result<(), AuthError> {
        let mut tx = self.0.write().await?;
        sqlx::query("DELETE FROM auth_mail WHERE id = $1")
            .bind(id.simple().to_string())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "mail", e))?;
        Ok(tx.commit().await?)
    }

    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError> {
        let mut tx = self.0.write().await?;
        let done = sqlx::query("DELETE FROM auth_mail WHERE expires_at <= $1")
            .bind(now_ms)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("delete", "expired mails", e))?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<QueuedMail, AuthError> {
    let id: String = value(row, "id")?;
    Ok(QueuedMail {
        id: Uuid::try_parse(&id).map_err(|_| crate::stored::damaged("id"))?,
        sealed: value(row, "sealed")?,
        due_at_ms: value(row, "due_at")?,
        expires_at_ms: value(row, "expires_at")?,
    })
}

#[cfg(test)]
mod tests;
