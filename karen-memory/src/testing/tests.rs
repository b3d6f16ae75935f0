//! The suites pass on what this crate ships, and fail on what is broken.

#[cfg(feature = "duckdb")]
mod analytics;
mod broken;
mod working;

use std::sync::Arc;

use karen_sql::{Database, Location};

use super::*;
use crate::{FlatIndex, InProcessTextIndex, MemoryErrorKind, RecordStore, SqlRecordStore};
use broken::{BrokenEmbedder, BrokenIndex, Fault};

async fn store(location: Location) -> (Database, Arc<dyn RecordStore>) {
    let database = Database::open(location).await.expect("opens");
    let store = SqlRecordStore::open(database.clone()).await.expect("store");
    (database, Arc::new(store))
}

/// A store in memory over a trigger that makes it break a promise.
async fn sabotaged(trigger: &'static str) -> Arc<dyn RecordStore> {
    let (database, store) = store(Location::Memory).await;
    let mut tx = database.write().await.expect("write");
    sqlx::query(trigger)
        .execute(&mut *tx)
        .await
        .expect("a trigger");
    tx.commit().await.expect("commit");
    store
}

/// Whether `suite` panics.
async fn fails(suite: impl Future<Output = ()> + Send + 'static) -> bool {
    let run = tokio::spawn(suite).await;
    run.is_err_and(|error| error.is_panic())
}

async fn store_fails(trigger: &'static str) -> bool {
    let store = sabotaged(trigger).await;
    fails(record_store(store)).await
}

#[tokio::test]
async fn the_sql_store_keeps_its_contract_in_memory() {
    record_store(store(Location::Memory).await.1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sql_store_keeps_its_contract_in_a_file() {
    let folder = tempfile::tempdir().expect("folder");
    let file = Location::File(folder.path().join("karen.db"));
    record_store(store(file).await.1).await;
}

#[tokio::test]
async fn the_indexes_in_this_process_keep_their_contracts() {
    text_index(&InProcessTextIndex::default()).await;
    vector_index(&FlatIndex::default()).await;
    let folder = tempfile::tempdir().expect("folder");
    text_index(&InProcessTextIndex::in_folder(folder.path())).await;
    vector_index(&FlatIndex::in_folder(folder.path(), "an embedder")).await;
}

#[tokio::test]
async fn hashed_words_keep_the_contract_of_an_embedder() {
    embedder(&HashedWords).await;
}

#[tokio::test]
async fn a_store_that_loses_records_is_noticed() {
    let lossy = "CREATE TRIGGER lossy AFTER INSERT ON memory_records WHEN NEW.caption IS NOT NULL
         BEGIN DELETE FROM memory_records WHERE id = NEW.id; END";
    assert!(store_fails(lossy).await);
}

#[tokio::test]
async fn a_store_that_changes_what_was_said_is_noticed() {
    let vague = "CREATE TRIGGER vague AFTER INSERT ON memory_records
         BEGIN UPDATE memory_records SET at = at / 1000 WHERE id = NEW.id; END";
    assert!(store_fails(vague).await);
}

#[tokio::test]
async fn a_store_that_deletes_across_tenants_is_noticed() {
    let leaky = "CREATE TRIGGER leaky BEFORE INSERT ON memory_heads
         BEGIN DELETE FROM memory_records WHERE tenant <> NEW.tenant; END";
    assert!(store_fails(leaky).await);
}

#[tokio::test]
async fn a_store_that_brings_forgotten_turns_back_is_noticed() {
    let haunted = "CREATE TRIGGER haunted AFTER INSERT ON memory_forgotten
         BEGIN DELETE FROM memory_forgotten WHERE record_id = NEW.record_id; END";
    assert!(store_fails(haunted).await);
}

#[tokio::test]
async fn a_store_whose_log_skips_deletions_is_noticed() {
    let silent = "CREATE TRIGGER silent AFTER INSERT ON memory_log
         WHEN EXISTS (SELECT 1 FROM memory_log l
                      WHERE l.record_id = NEW.record_id AND l.sequence < NEW.sequence)
         BEGIN DELETE FROM memory_log
               WHERE record_id = NEW.record_id AND sequence = NEW.sequence; END";
    assert!(store_fails(silent).await);
}

#[tokio::test]
async fn a_store_that_forgets_what_records_were_is_noticed() {
    let forgetful = "CREATE TRIGGER forgetful AFTER INSERT ON memory_versions
         BEGIN DELETE FROM memory_versions WHERE record_id = NEW.record_id; END";
    assert!(store_fails(forgetful).await);
}

#[tokio::test]
async fn a_store_that_keeps_what_is_no_longer_true_is_noticed() {
    let stubborn = "CREATE TRIGGER stubborn AFTER UPDATE OF valid_to ON memory_records
         WHEN NEW.superseded_by IS NOT NULL
         BEGIN UPDATE memory_records SET valid_to = NULL WHERE id = NEW.id; END";
    assert!(store_fails(stubborn).await);
}

#[tokio::test]
async fn a_store_that_forgets_pins_is_noticed() {
    let loose = "CREATE TRIGGER loose AFTER INSERT ON memory_records WHEN NEW.pinned = 1
         BEGIN UPDATE memory_records SET pinned = 0 WHERE id = NEW.id; END";
    assert!(store_fails(loose).await);
}

#[tokio::test]
async fn a_store_that_drops_links_is_noticed() {
    let loose = "CREATE TRIGGER loose AFTER INSERT ON memory_links
         BEGIN DELETE FROM memory_links WHERE from_id = NEW.from_id; END";
    assert!(store_fails(loose).await);
}

#[tokio::test]
async fn a_store_that_forgets_settings_is_noticed() {
    let vague = "CREATE TRIGGER vague AFTER INSERT ON memory_retention
         BEGIN DELETE FROM memory_retention WHERE user_id = NEW.user_id; END";
    assert!(store_fails(vague).await);
}

#[tokio::test]
async fn a_store_that_ignores_wishes_is_noticed() {
    let deaf = "CREATE TRIGGER deaf AFTER INSERT ON memory_consents
         BEGIN UPDATE memory_consents SET may_remember = 1 WHERE session = NEW.session; END";
    assert!(store_fails(deaf).await);
}

#[tokio::test]
async fn a_batch_that_fails_half_way_keeps_nothing() {
    let store = sabotaged(
        "CREATE TRIGGER refuse BEFORE INSERT ON memory_records WHEN NEW.text = 'second'
         BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )
    .await;
    let scope = scope();
    let batch = vec![fact("first", 1), fact("second", 2)];
    store.append(&scope, batch).await.expect_err("refused");
    assert_eq!(store.count(&scope).await.expect("count"), 0);
    let log = store.log_after(&scope, 0, 10).await.expect("log");
    assert!(log.is_empty());
}

#[tokio::test]
async fn a_damaged_record_is_reported_as_corrupt() {
    let store = sabotaged(
        "CREATE TRIGGER damage AFTER INSERT ON memory_records
         BEGIN UPDATE memory_records SET tags = 'not json' WHERE id = NEW.id; END",
    )
    .await;
    let (scope, record) = (scope(), fact("first", 1));
    let id = record.id.clone();
    store.append(&scope, vec![record]).await.expect("append");
    let error = store.get(&scope, &[id]).await.expect_err("damaged");
    assert_eq!(error.kind(), MemoryErrorKind::Corrupt);
}

#[tokio::test]
async fn indexes_that_break_a_promise_are_noticed() {
    for fault in Fault::ALL {
        let words = BrokenIndex::new(InProcessTextIndex::default(), fault);
        let in_words = fails(async move { text_index(&words).await }).await;
        assert!(in_words, "words: {fault:?}");
        let vectors = BrokenIndex::new(FlatIndex::default(), fault);
        let in_vectors = fails(async move { vector_index(&vectors).await }).await;
        assert!(in_vectors, "vectors: {fault:?}");
    }
}

#[tokio::test]
async fn embedders_that_break_a_promise_are_noticed() {
    for embedder in BrokenEmbedder::ALL {
        let noticed = fails(async move { super::embedder(&embedder).await }).await;
        assert!(noticed, "{embedder:?}");
    }
}
