//! Redis for Karen's stores: one server or a cluster, behind one connection.
//!
//! ```no_run
//! use karen_redis::{Connection, RedisConfig};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), redis::RedisError> {
//! let config = RedisConfig::new("karen", vec!["redis://127.0.0.1:6379".to_owned()]);
//! let mut connection = Connection::new(&config)?;
//! let key = format!("{}:visits", config.namespace);
//! let visits: u64 = redis::cmd("INCR").arg(key).query_async(&mut connection).await?;
//! # Ok(())
//! # }
//! ```
//!
//! It knows no domain: every key belongs to the crate that names it.

mod config;
mod connection;

pub use config::RedisConfig;
pub use connection::Connection;

#[cfg(test)]
mod tests;
