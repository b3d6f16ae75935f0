//! The handle to a database: pooled readers, and writers one at a time.

use std::sync::Once;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection, Executor, Pool, Row};

use crate::migration::migrate;
#[cfg(feature = "postgres")]
use crate::replica::Replica;
use crate::{Dialect, Location, Lock, Migration, Reader, SqlError, SqlErrorKind, Tx};

/// How long a caller waits for a connection before the database counts as busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Readers of a SQLite file: enough for a few cores, each costs a file handle and a page cache.
const SQLITE_READERS_MAX: u32 = 4;
#[cfg(feature = "postgres")]
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// Locks that one program holds at once; each takes a connection of its own, so that whoever holds
/// one finds connections to work with.
#[cfg(feature = "postgres")]
const POSTGRES_LOCKS_MAX: u32 = 8;
/// How long a replica is waited for before the primary is read.
#[cfg(feature = "postgres")]
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);

/// Every SQLite connection starts with these. A commit returns after it is synced
/// (`synchronous=FULL`), and what is deleted is overwritten (`secure_delete`): a person who asks to
/// be forgotten is gone from the file too.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 10000;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;";

/// A database of one program; clones share its connections.
#[derive(Clone, Debug)]
pub struct Database {
    dialect: Dialect,
    readers: Pool<Any>,
    writers: Pool<Any>,
    locks: Pool<Any>,
    #[cfg(feature = "postgres")]
    replica: Option<Replica>,
}

impl Database {
    /// Opens the database, creating a SQLite file that is absent.
    ///
    /// # Errors
    /// `ReadOnly` or `Full` when the file cannot be written, `Corrupt` when it is no database,
    /// `Unavailable` when a server does not answer, `Invalid` when the dialect is not built in.
    pub async fn open(location: Location) -> Result<Self, SqlError> {
        install_drivers();
        match &location {
            Location::File(_) => open_file(&location).await,
            Location::Memory => open_memory(&location).await,
            Location::Postgres(_) => open_postgres(&location).await,
        }
    }

    /// Reads much from a streaming replica of the PostgreSQL server, whose URL is given, from here on: see
    /// [`read_much`](Self::read_much). A replica that does not answer yet keeps nobody from it.
    ///
    /// # Errors
    /// `Invalid` for a URL that is none, for a server that follows no other, and for a SQLite file.
    #[cfg(feature = "postgres")]
    pub async fn with_replica(mut self, url: &str) -> Result<Self, SqlError> {
        if self.dialect == Dialect::Sqlite {
            let subject = "a replica of a SQLite file";
            return Err(SqlError::new(SqlErrorKind::Invalid, "open", subject));
        }
        let pool = postgres_options(POSTGRES_CONNECTIONS_MAX).acquire_timeout(REPLICA_TIMEOUT);
        let pool = pool.connect_lazy(url);
        let pool = pool.map_err(|e| SqlError::of("open", "a replica", e))?;
        self.replica = Some(Replica::open(pool).await?);
        Ok(self)
    }

    /// The dialect in use; statements that differ are chosen by it.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Brings the schema of `component` to the last of `migrations`.
    ///
    /// # Errors
    /// `TooNew` when a newer program has migrated further.
    pub async fn migrate(
        &self,
        component: &'static str,
        migrations: &[Migration],
    ) -> Result<(), SqlError> {
        migrate(self, component, migrations).await
    }

    /// A connection to read with.
    ///
    /// # Errors
    /// `Busy` when none became free in 30 s, `Unavailable` after [`close`](Self::close).
    pub async fn read(&self) -> Result<Reader, SqlError> {
        let of = |e| SqlError::of("acquire", "connection", e);
        self.readers.acquire().await.map(Reader).map_err(of)
    }

    /// A connection to read much with, which sees everything that was committed before the call, by whichever
    /// program: that of a replica that has it all, or of the primary.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_much(&self) -> Result<Reader, SqlError> {
        #[cfg(feature = "postgres")]
        if let Some(replica) = &self.replica
            && let Some(reader) = replica.reader(&self.readers).await
        {
            return Ok(reader);
        }
        self.read().await
    }

    /// Starts a write transaction; in SQLite, waits for the one before it.
    ///
    /// # Errors
    /// As [`read`](Self::read), and `ReadOnly`.
    pub async fn write(&self) -> Result<Tx, SqlError> {
        let of = |e| SqlError::of("begin", "transaction", e);
        match self.dialect {
            // IMMEDIATE takes the write lock at once: a deferred transaction can fail at its
            // first write although it waited for nothing.
            Dialect::Sqlite => self.writers.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.writers.begin().await,
        }
        .map(Tx)
        .map_err(of)
    }

    /// Waits until no other program holds the lock of this name, and holds it until it is dropped. A
    /// SQLite file has one program, which needs none. Callers of the same program exclude one another
    /// by other means.
    ///
    /// # Errors
    /// `Busy` when it was held for 30 s, `Unavailable`.
    pub async fn lock(&self, name: &str) -> Result<Lock, SqlError> {
        Lock::take(self.dialect, &self.locks, name).await
    }

    /// Checks that the whole of a SQLite file is sound. PostgreSQL checks its own pages.
    ///
    /// # Errors
    /// `Corrupt`, with the first damage found.
    pub async fn verify(&self) -> Result<(), SqlError> {
        if self.dialect == Dialect::Postgres {
            return Ok(());
        }
        let of = |e| SqlError::of("verify", "database", e);
        let mut reader = self.read().await?;
        let row = reader
            .fetch_one("PRAGMA integrity_check(1)")
            .await
            .map_err(of)?;
        match row.try_get::<String, _>(0).map_err(of)?.as_str() {
            "ok" => Ok(()),
            damage => Err(SqlError::new(SqlErrorKind::Corrupt, "verify", damage)),
        }
    }

    /// Closes every connection; a SQLite log is folded into its file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
        self.locks.close().await;
        #[cfg(feature = "postgres")]
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
    }
}

fn install_drivers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(sqlx::any::install_default_drivers);
}

async fn open_file(location: &Location) -> Result<Database, SqlError> {
    create_file(location)
        .await
        .map_err(|e| SqlError::of("open", format!("{location:?}"), e))?;
    let writers = sqlite_pool(location, 1)?;
    Ok(Database {
        dialect: Dialect::Sqlite,
        readers: sqlite_pool(location, SQLITE_READERS_MAX)?,
        locks: writers.clone(),
        writers,
        #[cfg(feature = "postgres")]
        replica: None,
    })
}

/// Finds out here what is wrong with a file: a pool tries again until its time is up, and then
/// reports only that.
async fn create_file(location: &Location) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect(&location.url()).await?;
    prepare_sqlite(&mut connection).await?;
    connection.execute("PRAGMA journal_mode = WAL").await?;
    connection.close().await
}

async fn open_memory(location: &Location) -> Result<Database, SqlError> {
    // Each connection to `:memory:` is a database of its own, so readers and writers share one.
    let pool = sqlite_pool(location, 1)?;
    Ok(Database {
        dialect: Dialect::Sqlite,
        readers: pool.clone(),
        locks: pool.clone(),
        writers: pool,
        #[cfg(feature = "postgres")]
        replica: None,
    })
}

#[cfg(feature = "postgres")]
async fn open_postgres(location: &Location) -> Result<Database, SqlError> {
    let of = |e| SqlError::of("open", format!("{location:?}"), e);
    let pool = postgres_options(POSTGRES_CONNECTIONS_MAX);
    let pool = pool.connect(&location.url()).await.map_err(of)?;
    let locks = postgres_options(POSTGRES_LOCKS_MAX);
    Ok(Database {
        dialect: Dialect::Postgres,
        readers: pool.clone(),
        writers: pool,
        locks: locks.connect_lazy(&location.url()).map_err(of)?,
        replica: None,
    })
}

#[cfg(feature = "postgres")]
fn postgres_options(connections_max: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(location: &Location) -> Result<Database, SqlError> {
    let subject = format!("{location:?}: build with the feature `postgres`");
    Err(SqlError::new(SqlErrorKind::Invalid, "open", subject))
}

fn sqlite_pool(location: &Location, connections_max: u32) -> Result<Pool<Any>, SqlError> {
    sqlite_options(connections_max)
        .connect_lazy(&location.url())
        .map_err(|e| SqlError::of("open", format!("{location:?}"), e))
}

fn sqlite_options(connections_max: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections_max)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(prepare_sqlite(connection)))
        .after_release(|connection, _| Box::pin(is_reusable(connection)))
}

/// Where SQLite has rolled back by itself, as it does when the disk is full, the rollback of sqlx
/// fails, and the connection would count as inside a transaction for ever.
async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Answered after the rollback that dropping a transaction asks for.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

async fn prepare_sqlite(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for pragma in SQLITE_PRAGMAS
        .split(';')
        .map(str::trim)
        .filter(|p| !p.is_empty())
    {
        connection.execute(AssertSqlSafe(pragma)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
