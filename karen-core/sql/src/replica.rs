//! A replica of a PostgreSQL server, for reads of much.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{Any, AnyConnection, Pool, Row};

use crate::{Reader, SqlError, SqlErrorKind};

/// How long a replica may take to receive what was committed before the primary is read instead.
const WAIT_MAX: Duration = Duration::from_millis(20);
/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(2);
/// For how long one that failed is left alone.
const REST: Duration = Duration::from_secs(10);

/// Streams what the primary commits, and may be behind or away at any time.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pool: Pool<Any>,
    rests_until: Arc<Mutex<Option<Instant>>>,
}

impl Replica {
    /// # Errors
    /// `Invalid` for a server that follows no other. One that does not answer is none.
    pub(crate) async fn open(pool: Pool<Any>) -> Result<Self, SqlError> {
        let replica = Self {
            pool,
            rests_until: Arc::default(),
        };
        match follows(&replica.pool).await {
            Ok(true) => {}
            Ok(false) => {
                let subject = "a replica: the server follows no other";
                return Err(SqlError::new(SqlErrorKind::Invalid, "open", subject));
            }
            Err(error) => replica.leave_alone(&error),
        }
        Ok(replica)
    }

    /// A connection that sees everything that was committed to the primary before the call; `None` where the
    /// replica is behind or away.
    pub(crate) async fn reader(&self, primary: &Pool<Any>) -> Option<Reader> {
        let until = *self.resting();
        if until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match self.current(primary).await {
            Ok(reader) => reader,
            Err(error) => {
                self.leave_alone(&error);
                None
            }
        }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    async fn current(&self, primary: &Pool<Any>) -> Result<Option<Reader>, sqlx::Error> {
        // What was acknowledged was flushed before.
        let end = sqlx::query("SELECT pg_current_wal_flush_lsn()::text")
            .fetch_one(primary)
            .await?;
        let end: String = end.try_get(0)?;
        let mut connection = self.pool.acquire().await?;
        let asked = Instant::now();
        while !has(&mut connection, &end).await? {
            if asked.elapsed() > WAIT_MAX {
                return Ok(None);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(Some(Reader(connection)))
    }

    fn leave_alone(&self, error: &sqlx::Error) {
        let error = error as &dyn std::error::Error;
        tracing::warn!(error, "the replica is left alone for a while");
        *self.resting() = Some(Instant::now() + REST);
    }

    /// No code panics while it holds this lock.
    fn resting(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follows(pool: &Pool<Any>) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT pg_is_in_recovery()")
        .fetch_one(pool)
        .await?;
    row.try_get(0)
}

/// Whether a place of the primary's log is replayed. One that was made a primary replays nothing.
async fn has(connection: &mut AnyConnection, end: &str) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST($1 AS text)::pg_lsn",
    )
    .bind(end)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<Option<bool>, _>(0)?.unwrap_or(false))
}
