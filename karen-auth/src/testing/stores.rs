//! Databases to run the suites on, and some that break a promise, to see that the suites notice.

use karen_sql::{Database, Location};
use tempfile::TempDir;

/// A database in memory with the tables of this crate.
pub(crate) async fn database() -> Database {
    let database = Database::open(Location::Memory).await.expect("memory");
    crate::migrate(&database).await.expect("migrate");
    database
}

/// The same in a file, where callers do not share one connection.
pub(crate) async fn file_database() -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = Location::File(folder.path().join("auth.db"));
    let database = Database::open(file).await.expect("a file");
    crate::migrate(&database).await.expect("migrate");
    (folder, database)
}

/// A database in memory, with a trigger that makes every store over it break a promise.
pub(crate) async fn sabotaged(trigger: &'static str) -> Database {
    let database = database().await;
    let mut tx = database.write().await.expect("write");
    sqlx::query(trigger)
        .execute(&mut *tx)
        .await
        .expect("a trigger");
    tx.commit().await.expect("commit");
    database
}

/// Whether `suite` panics.
pub(crate) async fn fails(suite: impl Future<Output = ()> + Send + 'static) -> bool {
    let run = tokio::spawn(suite).await;
    run.is_err_and(|error| error.is_panic())
}
