//! The truth in PostgreSQL.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use karen_memory::testing;
use karen_memory::{
    Change, Lifetime, LogEntry, Record, RecordId, RecordKind, RecordStore, Scope, SqlRecordStore,
    TenantId, Usage, UserId,
};
use karen_sql::{Database, Location};

use serde_json::Map;

use crate::server;

/// Round trips in which a call would have been answered, were it not waiting.
const ROUND_TRIPS: usize = 20;

pub(crate) async fn database() -> Database {
    let url = server("KAREN_TEST_POSTGRES_URL");
    let database = Database::open(Location::Postgres(url)).await;
    database.expect("opens")
}

/// A user whom no other test knows.
pub(crate) fn somebody() -> Scope {
    let tenant = TenantId::new(RecordId::fresh().as_str());
    Scope::new(tenant, UserId::new("ada"))
}

fn fact(text: &str) -> Record {
    Record {
        id: RecordId::fresh(),
        kind: RecordKind::Fact,
        session: None,
        speaker: "user".to_owned(),
        text: text.to_owned(),
        caption: None,
        tags: Vec::new(),
        source: None,
        at: 1,
        agent: None,
        importance: Record::IMPORTANCE_DEFAULT,
        pinned: false,
        lifetime: Lifetime::since(1, 1),
        superseded_by: None,
        usage: Usage::default(),
        metadata: Map::new(),
    }
}

/// Whether a call has no answer yet.
async fn is_waiting<T>(call: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) -> bool {
    poll_fn(|task| Poll::Ready(call.as_mut().poll(task).is_pending())).await
}

async fn log(store: &SqlRecordStore, scope: &Scope) -> Vec<LogEntry> {
    store.log_after(scope, 0, 100).await.expect("the log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sql_store_keeps_its_contract_on_postgresql() {
    let store = SqlRecordStore::open(database().await).await.expect("store");
    testing::record_store(Arc::new(store)).await;
}

#[tokio::test]
async fn a_writer_that_commits_late_is_not_skipped() {
    let (database, scope) = (database().await, somebody());
    let store = SqlRecordStore::open(database.clone()).await.expect("store");
    let other = SqlRecordStore::open(self::database().await)
        .await
        .expect("store");
    store
        .append(&scope, vec![fact("first")])
        .await
        .expect("append");

    // A writer that has taken the next sequence, and takes its time.
    let mut slow = database.write().await.expect("write");
    let taken = sqlx::query("UPDATE memory_heads SET sequence = sequence + 1 WHERE tenant = $1")
        .bind(scope.tenant().as_str())
        .execute(&mut *slow)
        .await
        .expect("take a sequence");
    assert_eq!(taken.rows_affected(), 1);
    let late = RecordId::fresh();
    sqlx::query("INSERT INTO memory_log VALUES ($1, 'ada', 2, $2)")
        .bind(scope.tenant().as_str())
        .bind(late.as_str())
        .execute(&mut *slow)
        .await
        .expect("log");

    let mut quick = other.append(&scope, vec![fact("third")]);
    for _ in 0..ROUND_TRIPS {
        assert!(is_waiting(&mut quick).await, "for the writer before it");
        assert_eq!(log(&store, &scope).await.len(), 1, "nothing overtakes it");
    }
    slow.commit().await.expect("commit");
    quick.await.expect("append");
    let log = log(&store, &scope).await;
    assert!(log.is_sorted_by(|a, b| a.sequence < b.sequence));
    assert_eq!(log.len(), 3);
    assert_eq!(log[1].change, Change::Delete(late), "it comes between");
}

#[tokio::test]
async fn instances_take_turns_in_projecting_a_log() {
    let scope = somebody();
    let [here, there] = [database().await, database().await];
    let here = SqlRecordStore::open(here).await.expect("store");
    let there = SqlRecordStore::open(there).await.expect("store");
    let first = here.projector_turn(&scope, "text").await.expect("a turn");
    let mut second = there.projector_turn(&scope, "text");
    for _ in 0..ROUND_TRIPS {
        assert!(is_waiting(&mut second).await, "one has the turn");
        let others = there.projector_turn(&somebody(), "text").await;
        drop(others.expect("another user's turn is free"));
        let others = there.projector_turn(&scope, "vectors").await;
        drop(others.expect("the turn of another index is free"));
    }
    drop(first);
    second.await.expect("it is given back by dropping it");
}
