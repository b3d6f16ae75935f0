//! Locks that the programs of one database share.

use sqlx::{Any, AnyConnection, Pool, Transaction};

use crate::{Dialect, SqlError};

/// A program that hangs must not hang the others.
const WAIT_MAX: &str = "SET LOCAL lock_timeout = '30s'";

/// A lock that is held until it is dropped, or its connection is lost.
#[derive(Debug)]
pub struct Lock {
    _held: Option<Transaction<'static, Any>>,
}

impl Lock {
    pub(crate) async fn take(
        dialect: Dialect,
        connections: &Pool<Any>,
        name: &str,
    ) -> Result<Self, SqlError> {
        if dialect == Dialect::Sqlite {
            return Ok(Self { _held: None });
        }
        let begun = connections.begin().await;
        let mut tx = begun.map_err(|e| SqlError::of("begin", "a lock", e))?;
        sqlx::query(WAIT_MAX)
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("limit", "the wait for a lock", e))?;
        lock(&mut tx, dialect, name).await?;
        Ok(Self { _held: Some(tx) })
    }
}

/// Holds the lock of a name until the transaction ends. Writers of SQLite have one already.
pub(crate) async fn lock(
    tx: &mut AnyConnection,
    dialect: Dialect,
    name: &str,
) -> Result<(), SqlError> {
    if dialect == Dialect::Sqlite {
        return Ok(());
    }
    // As text: the function gives nothing, for which sqlx has no type here.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text")
        .bind(name)
        .execute(tx)
        .await
        .map_err(|e| SqlError::of("take", "a lock", e))?;
    Ok(())
}
