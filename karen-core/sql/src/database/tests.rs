use sqlx::Executor;

use super::*;

const ONE: Migration = Migration {
    version: 1,
    sqlite: "CREATE TABLE notes (id TEXT PRIMARY KEY, at INTEGER); CREATE INDEX notes_at ON notes (at)",
    postgres: "CREATE TABLE notes (id TEXT PRIMARY KEY, at BIGINT); CREATE INDEX notes_at ON notes (at)",
};
const TWO: Migration = Migration {
    version: 2,
    sqlite: "ALTER TABLE notes ADD COLUMN body TEXT",
    postgres: "ALTER TABLE notes ADD COLUMN body TEXT",
};

async fn file_database(folder: &tempfile::TempDir) -> Database {
    let location = Location::File(folder.path().join("test 100%?.db"));
    Database::open(location)
        .await
        .expect("a fresh folder opens")
}

async fn count(database: &Database) -> i64 {
    let mut reader = database.read().await.expect("reader");
    let row = reader
        .fetch_one("SELECT COUNT(*) AS n FROM notes")
        .await
        .expect("count");
    row.try_get("n").expect("n is an integer")
}

#[tokio::test]
async fn committed_rows_survive_reopening_and_dropped_ones_do_not() {
    let folder = tempfile::tempdir().expect("folder");
    let database = file_database(&folder).await;
    database.migrate("test", &[ONE]).await.expect("migrate");
    let mut tx = database.write().await.expect("tx");
    tx.execute("INSERT INTO notes (id) VALUES ('kept')")
        .await
        .expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = database.write().await.expect("tx");
    tx.execute("INSERT INTO notes (id) VALUES ('dropped')")
        .await
        .expect("insert");
    drop(tx);
    database.close().await;

    let database = file_database(&folder).await;
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn migrations_apply_once_and_refuse_a_newer_schema() {
    let folder = tempfile::tempdir().expect("folder");
    let database = file_database(&folder).await;
    database.migrate("test", &[ONE]).await.expect("first");
    database
        .migrate("test", &[ONE, TWO])
        .await
        .expect("upgrade");
    database.migrate("test", &[ONE, TWO]).await.expect("again");
    let error = database
        .migrate("test", &[ONE])
        .await
        .expect_err("older program");
    assert_eq!(error.kind(), SqlErrorKind::TooNew);
}

#[tokio::test]
async fn readers_see_a_commit_while_a_writer_holds_the_lock() {
    let folder = tempfile::tempdir().expect("folder");
    let database = file_database(&folder).await;
    database.migrate("test", &[ONE]).await.expect("migrate");
    let mut tx = database.write().await.expect("tx");
    tx.execute("INSERT INTO notes (id) VALUES ('pending')")
        .await
        .expect("insert");
    assert_eq!(count(&database).await, 0);
    tx.commit().await.expect("commit");
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn a_database_in_memory_keeps_what_is_committed() {
    let database = Database::open(Location::Memory).await.expect("open");
    database.migrate("test", &[ONE]).await.expect("migrate");
    let mut tx = database.write().await.expect("tx");
    tx.execute("INSERT INTO notes (id) VALUES ('a')")
        .await
        .expect("insert");
    tx.commit().await.expect("commit");
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn a_second_row_with_the_same_key_is_a_conflict() {
    let database = Database::open(Location::Memory).await.expect("open");
    database.migrate("test", &[ONE]).await.expect("migrate");
    let mut tx = database.write().await.expect("tx");
    tx.execute("INSERT INTO notes (id) VALUES ('a')")
        .await
        .expect("insert");
    let error = tx
        .execute("INSERT INTO notes (id) VALUES ('a')")
        .await
        .expect_err("twice");
    assert_eq!(
        SqlError::of("insert", "note", error).kind(),
        SqlErrorKind::Conflict
    );
}

#[tokio::test]
async fn a_full_database_can_be_written_again_when_there_is_room() {
    let folder = tempfile::tempdir().expect("folder");
    let database = file_database(&folder).await;
    database.migrate("test", &[ONE]).await.expect("migrate");
    let mut tx = database.write().await.expect("tx");
    tx.execute("PRAGMA max_page_count = 1")
        .await
        .expect("no more pages");
    let error = tx
        .execute("INSERT INTO notes (id) VALUES (hex(zeroblob(100000)))")
        .await
        .expect_err("full");
    assert_eq!(
        SqlError::of("insert", "note", error).kind(),
        SqlErrorKind::Full
    );
    drop(tx);
    let mut tx = database.write().await.expect("a connection without limit");
    tx.execute("INSERT INTO notes (id) VALUES ('kept')")
        .await
        .expect("insert");
    tx.commit().await.expect("commit");
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("noise.db");
    std::fs::write(&path, vec![7_u8; 8192]).expect("write");
    let error = Database::open(Location::File(path))
        .await
        .expect_err("noise");
    assert_eq!(error.kind(), SqlErrorKind::Corrupt);
}

#[tokio::test]
async fn an_absent_folder_is_reported_as_unwritable() {
    let path = std::path::PathBuf::from("/nonexistent-karen/karen.db");
    let error = Database::open(Location::File(path))
        .await
        .expect_err("absent");
    assert_eq!(error.kind(), SqlErrorKind::ReadOnly);
}
