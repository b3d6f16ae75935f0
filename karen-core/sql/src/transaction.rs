//! A connection to read with, and a transaction to write with.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Transaction};

use crate::SqlError;

/// A connection that sees committed rows. Dropping it gives it back.
///
/// Never ask for a [`Tx`] while holding one: a database in memory has a single connection.
#[derive(Debug)]
pub struct Reader(pub(crate) PoolConnection<Any>);

impl Deref for Reader {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.0
    }
}

/// A write transaction. Dropped without [`commit`](Tx::commit), it changes nothing.
#[derive(Debug)]
pub struct Tx(pub(crate) Transaction<'static, Any>);

impl Tx {
    /// Makes the changes durable: when this returns, they are synced to disk.
    ///
    /// # Errors
    /// `Full`, `Busy` or `Unavailable`; none of the changes is kept then.
    pub async fn commit(self) -> Result<(), SqlError> {
        self.0
            .commit()
            .await
            .map_err(|e| SqlError::of("commit", "transaction", e))
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.0
    }
}
