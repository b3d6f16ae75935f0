//! Questions about all records at once.

use std::path::Path;

use karen_memory::{
    AnalyticsStore, Answer, Breadth, Lag, Memory, MemoryConfig, MemoryErrorKind, NewRecord, Report,
    Scope, SessionId,
};
use karen_sql::{Database, Location};
use serde_json::{Value, json};

use crate::{MONDAY_NOON, ada, config, files_with, memory, recall, scope, turn};

const COUNT: &str = "SELECT count(*) FROM memories";

fn file(folder: &Path) -> AnalyticsStore {
    AnalyticsStore::File(folder.join("analytics.duckdb"))
}

/// A memory over a database, with analytics.
async fn over(database: &Database, analytics: AnalyticsStore) -> Memory {
    let config = MemoryConfig {
        analytics: Some(analytics),
        ..MemoryConfig::new(database.clone())
    };
    Memory::open(config).await.expect("memory")
}

async fn database() -> Database {
    Database::open(Location::Memory).await.expect("opens")
}

async fn ask(memory: &Memory, scope: &Scope, breadth: Breadth, sql: &str) -> Answer {
    memory.ask(scope, breadth, sql).await.expect("an answer")
}

async fn count(memory: &Memory, scope: &Scope) -> Value {
    let answer = ask(memory, scope, Breadth::User, COUNT).await;
    assert_eq!(answer.behind, 0);
    answer.rows[0][0].clone()
}

async fn report(memory: &Memory, name: &str) -> Vec<Vec<Value>> {
    let report = Report::named(name).expect("a report");
    let answer = memory.report(&ada(), Breadth::Tenant, report).await;
    answer.expect("an answer").rows
}

async fn remember(memory: &Memory, scope: &Scope, text: &str) -> karen_memory::RecordId {
    let remembered = memory.remember(scope, NewRecord::fact(text)).await;
    remembered.expect("remember").id
}

#[tokio::test]
async fn reports_tell_what_is_remembered_and_recalled() {
    let folder = tempfile::tempdir().expect("folder");
    let memory = over(&database().await, file(folder.path())).await;
    for day in ["Monday", "Tuesday", "Friday"] {
        let run = format!("Ran along the harbour with Tom on {day}.");
        remember(&memory, &ada(), &run).await;
    }
    memory.consolidate(&ada()).await.expect("consolidate");
    let said = vec![turn("msg_1", "user", "The barn needs paint.", MONDAY_NOON)];
    memory.ingest(&ada(), said).await.expect("ingest");
    let found = recall(&memory, &ada(), "Who ran along the harbour?").await;
    recall(&memory, &ada(), "Xylophones?").await;

    let growth = report(&memory, "growth").await;
    let written: Vec<&Value> = growth.iter().map(|row| &row[2]).collect();
    assert_eq!(written, [&json!(3), &json!(1), &json!(1)], "{growth:?}");
    let standing = report(&memory, "standing").await;
    assert_eq!(standing.len(), 1);
    assert_eq!(standing[0][..3], [json!("ada"), json!(5), json!(5)]);
    let recalls = report(&memory, "recalls").await;
    assert_eq!(recalls.len(), 1);
    assert_eq!(recalls[0][1..4], [json!(2), json!(1), json!(0.5)]);
    assert_eq!(recalls[0][4], json!(found.items.len() as f64 / 2.0));
    let consolidation = report(&memory, "consolidation").await;
    assert_eq!(consolidation[0][1..4], [json!(1), json!(3), json!(3.0)]);
    let sessions = report(&memory, "sessions").await;
    assert_eq!(sessions[0][..2], [json!("conv_1"), json!(1)]);
}

#[tokio::test]
async fn an_answer_knows_of_every_write_and_of_what_was_forgotten() {
    let folder = tempfile::tempdir().expect("folder");
    let memory = over(&database().await, file(folder.path())).await;
    let (bob, stranger) = (scope("default", "bob"), scope("elsewhere", "ada"));
    assert_eq!(count(&memory, &ada()).await, 0);
    let first = remember(&memory, &ada(), "The barn needs paint.").await;
    remember(&memory, &ada(), "The boat is red.").await;
    remember(&memory, &bob, "The kite is blue.").await;
    assert_eq!(count(&memory, &ada()).await, 2);
    let tenant = ask(&memory, &ada(), Breadth::Tenant, COUNT).await;
    assert_eq!(tenant.rows, [[json!(3)]]);
    let elsewhere = ask(&memory, &stranger, Breadth::Tenant, COUNT).await;
    assert_eq!(elsewhere.rows, [[json!(0)]]);
    memory.forget(&ada(), &first).await.expect("forget");
    assert_eq!(count(&memory, &ada()).await, 1);
    recall(&memory, &ada(), "boat").await;
    memory.erase(&ada()).await.expect("erase");
    assert_eq!(count(&memory, &ada()).await, 0);
    let recalls = ask(&memory, &ada(), Breadth::User, "FROM recalls").await;
    assert!(recalls.rows.is_empty(), "what was counted is erased too");
    assert_eq!(count(&memory, &bob).await, 1);
}

#[tokio::test]
async fn lag_counts_who_waits_until_a_batch_is_brought() {
    let folder = tempfile::tempdir().expect("folder");
    let memory = over(&database().await, file(folder.path())).await;
    assert_eq!(memory.analytics_lag(), Some(Lag::default()));
    remember(&memory, &ada(), "The barn needs paint.").await;
    remember(&memory, &scope("default", "bob"), "The boat is red.").await;
    let lag = memory.analytics_lag().expect("there are analytics");
    assert_eq!(lag.users, 2);
    memory.catch_up_analytics().await.expect("a batch");
    assert_eq!(memory.analytics_lag(), Some(Lag::default()));
}

#[tokio::test]
async fn rows_that_were_deleted_or_damaged_or_of_another_log_are_made_again() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("analytics.duckdb");
    let truth = database().await;
    let memory = over(&truth, file(folder.path())).await;
    remember(&memory, &ada(), "The barn needs paint.").await;
    assert_eq!(count(&memory, &ada()).await, 1);
    std::fs::remove_file(&path).expect("a file");
    assert_eq!(count(&memory, &ada()).await, 1, "deleted");
    std::fs::write(&path, "no database").expect("write");
    assert_eq!(count(&memory, &ada()).await, 1, "damaged");
    memory.rebuild().await.expect("rebuild");
    assert_eq!(count(&memory, &ada()).await, 1, "cleared");
    let elsewhere = over(&database().await, file(folder.path())).await;
    remember(&elsewhere, &ada(), "The boat is red.").await;
    let id = remember(&elsewhere, &ada(), "The kite is blue.").await;
    let newest = "SELECT id FROM memories ORDER BY recorded_at DESC, id DESC";
    let answer = ask(&elsewhere, &ada(), Breadth::User, newest).await;
    assert_eq!(answer.rows.len(), 2, "of another log");
    assert_eq!(answer.rows[0], [json!(id.as_str())]);
}

#[tokio::test]
async fn instances_share_rows_and_add_up_their_recalls() {
    let folder = tempfile::tempdir().expect("folder");
    let truth = database().await;
    let shared = || AnalyticsStore::Folder(folder.path().join("shared"));
    let (here, there) = (over(&truth, shared()).await, over(&truth, shared()).await);
    remember(&here, &ada(), "The barn needs paint.").await;
    let scope = ada();
    let (a, b) = tokio::join!(count(&here, &scope), count(&there, &scope));
    assert_eq!((a, b), (json!(1), json!(1)));
    remember(&there, &ada(), "The boat is red.").await;
    assert_eq!(count(&here, &ada()).await, 2);
    for memory in [&here, &there] {
        recall(memory, &ada(), "boat").await;
        memory.close().await;
    }
    let recalls = "SELECT CAST(sum(recalls) AS INT) FROM recalls";
    let answer = ask(&there, &ada(), Breadth::User, recalls).await;
    assert_eq!(answer.rows, [[json!(2)]]);
}

/// Files of memories of a shared folder, with their bytes.
fn parts(folder: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let parts = entries.flat_map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let metadata = entry.metadata().expect("metadata");
        match metadata.is_dir() {
            true => parts(&entry.path()),
            false => vec![(name, metadata.len())],
        }
    });
    parts
        .filter(|(name, _)| name.starts_with("memories-"))
        .collect()
}

#[tokio::test]
async fn a_batch_adds_to_a_shared_folder_and_a_row_that_goes_is_in_no_file() {
    let folder = tempfile::tempdir().expect("folder");
    let memory = over(
        &database().await,
        AnalyticsStore::Folder(folder.path().to_owned()),
    )
    .await;
    let said = (0..6_000).map(|i| {
        // Each id is another, so that a file of them is not small.
        turn(
            &format!("{i}"),
            "user",
            &format!("boat {i}"),
            MONDAY_NOON + i,
        )
    });
    memory.ingest(&ada(), said.collect()).await.expect("ingest");
    assert_eq!(count(&memory, &ada()).await, 6_000);
    let first = parts(folder.path());
    assert_eq!(first.len(), 1);
    let kept = remember(&memory, &ada(), "The barn needs paint.").await;
    assert_eq!(count(&memory, &ada()).await, 6_001);
    memory.pin(&ada(), &kept, true).await.expect("pin");
    let pinned = "SELECT count(*) FROM memories WHERE pinned";
    let answer = ask(&memory, &ada(), Breadth::User, pinned).await;
    assert_eq!(answer.rows, [[json!(1)]], "the row as it is, once");
    assert_eq!(count(&memory, &ada()).await, 6_001);
    let now = parts(folder.path());
    assert_eq!(
        now.len(),
        2,
        "what is small is one file beside the large one: {now:?}"
    );
    assert!(now.contains(&first[0]), "which is as it was");

    memory.forget(&ada(), &kept).await.expect("forget");
    assert_eq!(count(&memory, &ada()).await, 6_000);
    assert_eq!(parts(folder.path()).len(), 1);
    assert!(files_with(folder.path(), kept.as_str()).is_empty());
}

#[tokio::test]
async fn no_word_of_what_is_remembered_is_in_the_files() {
    let folder = tempfile::tempdir().expect("folder");
    let truth = database().await;
    let shared = AnalyticsStore::Folder(folder.path().join("shared"));
    let scope = ada().in_session(SessionId::new("conv_1"));
    for analytics in [file(folder.path()), shared] {
        let memory = over(&truth, analytics).await;
        let note = NewRecord::fact("The quokka needs paint.").tags(["quokka"]);
        memory.remember(&scope, note).await.expect("remember");
        assert_eq!(count(&memory, &ada()).await, 1);
        recall(&memory, &ada(), "quokka").await;
        memory.close().await;
    }
    assert!(
        !files_with(folder.path(), "conv_1").is_empty(),
        "there are rows"
    );
    assert!(files_with(folder.path(), "quokka").is_empty());
}

#[tokio::test]
async fn a_memory_without_analytics_says_so() {
    let answer = memory().await.ask(&ada(), Breadth::User, COUNT).await;
    let kind = answer.expect_err("off").kind();
    assert_eq!(kind, MemoryErrorKind::Unsupported);
    let unused = config(Location::Memory).await;
    assert_eq!(unused.analytics, None);
}
