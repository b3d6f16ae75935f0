//! SQL for Karen's stores: one set of statements for SQLite and PostgreSQL.
//!
//! ```
//! use karen_sql::{Database, Location, Migration, SqlError};
//!
//! const NOTES: &[Migration] = &[Migration {
//!     version: 1,
//!     sqlite: "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL)",
//!     postgres: "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL)",
//! }];
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), SqlError> {
//! let database = Database::open(Location::Memory).await?;
//! database.migrate("notes", NOTES).await?;
//! let mut tx = database.write().await?;
//! sqlx::query("INSERT INTO notes (id, text) VALUES ($1, $2)")
//!     .bind("n1")
//!     .bind("durable")
//!     .execute(&mut *tx)
//!     .await
//!     .map_err(|e| SqlError::of("insert", "note", e))?;
//! tx.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! It knows pools, transactions, migrations and error kinds, and no domain: every table belongs to
//! the crate whose name prefixes it.
//!
//! Statements keep to what both dialects share: `$1` placeholders, `TEXT`, `BIGINT`,
//! `DOUBLE PRECISION` and blobs; times are unix milliseconds, booleans `0` and `1`, JSON is text.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `postgres` | [`Location::Postgres`] | a dozen dependencies |
//! | `testing` | databases for tests | for tests only |

mod database;
mod error;
mod location;
mod lock;
mod migration;
#[cfg(feature = "postgres")]
mod replica;
mod transaction;

#[cfg(feature = "testing")]
pub mod testing;

pub use database::Database;
pub use error::{SqlError, SqlErrorKind};
pub use location::{Dialect, Location};
pub use lock::Lock;
pub use migration::Migration;
pub use transaction::{Reader, Tx};

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock as stores keep it: milliseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn now_ms() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock stands after 1970");
    i64::try_from(since_epoch.as_millis()).expect("milliseconds fit i64 for 292 million years")
}
