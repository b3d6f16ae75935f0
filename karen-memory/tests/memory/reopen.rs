//! Indexes that outlive a process answer for the records of their database, whatever became of either.

use std::fs;
use std::path::Path;

use karen_memory::{Memory, RecordId};

use crate::{MONDAY_NOON, ada, memory_in, recall, texts, turn};

async fn ingest(memory: &Memory, texts: &[&str]) -> Vec<RecordId> {
    let said = texts
        .iter()
        .map(|text| turn(text, "user", text, MONDAY_NOON));
    let ids = memory.ingest(&ada(), said.collect()).await;
    ids.expect("ingest")
}

/// What a memory in `folder`, which is closed again, recalls that has the word it is asked for.
async fn recalled(folder: &Path, word: &str) -> Vec<String> {
    let (memory, database) = memory_in(folder).await;
    let recall = recall(&memory, &ada(), word).await;
    let with_word = texts(&recall)
        .into_iter()
        .filter(|text| text.contains(word));
    let mut texts: Vec<String> = with_word.map(str::to_owned).collect();
    texts.sort();
    memory.close().await;
    database.close().await;
    texts
}

#[tokio::test]
async fn what_was_written_after_an_index_was_kept_is_found() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, database) = memory_in(folder.path()).await;
    ingest(&memory, &["The boat is red."]).await;
    recall(&memory, &ada(), "boat").await;
    ingest(&memory, &["The boat is blue."]).await;
    memory.close().await;
    database.close().await;
    let expect = ["The boat is blue.", "The boat is red."];
    assert_eq!(recalled(folder.path(), "boat").await, expect);
    fs::remove_dir_all(folder.path().join("indexes")).expect("remove");
    assert_eq!(recalled(folder.path(), "boat").await, expect);
}

#[tokio::test]
async fn a_memory_that_was_closed_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, _database) = memory_in(folder.path()).await;
    ingest(&memory, &["The boat is red."]).await;
    memory.close().await;
    ingest(&memory, &["The boat is blue."]).await;
    assert_eq!(recall(&memory, &ada(), "boat").await.items.len(), 2);
}

#[tokio::test]
async fn a_restored_database_is_not_answered_for_by_a_later_index() {
    let folder = tempfile::tempdir().expect("folder");
    let (database, backup) = (
        folder.path().join("karen.db"),
        folder.path().join("backup.db"),
    );
    let write = async |texts: &[&str]| {
        let (memory, database) = memory_in(folder.path()).await;
        ingest(&memory, texts).await;
        recall(&memory, &ada(), "boat").await;
        memory.close().await;
        database.close().await;
    };
    write(&["The boat is red."]).await;
    fs::copy(&database, &backup).expect("copy");
    write(&["The zeppelin is grey.", "The zeppelin is old."]).await;
    assert_eq!(recalled(folder.path(), "zeppelin").await.len(), 2);
    fs::rename(&backup, &database).expect("restore");
    write(&["The lantern is lit.", "The lantern is new."]).await;
    assert_eq!(recalled(folder.path(), "lantern").await.len(), 2);
    assert_eq!(recalled(folder.path(), "boat").await, ["The boat is red."]);
}
