//! A replica answers when it has everything, and never otherwise.

use karen_memory::{Memory, MemoryConfig, NewRecord, Page, Scope};
use karen_sql::{Database, Location, SqlErrorKind};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};

use crate::postgres::somebody;
use crate::relay::Relay;
use crate::server;

async fn primary() -> Database {
    let url = server("KAREN_TEST_POSTGRES_URL");
    let database = Database::open(Location::Postgres(url)).await;
    database.expect("opens")
}

async fn memory(replica: &str) -> Memory {
    let database = primary().await.with_replica(replica).await;
    let memory = Memory::open(MemoryConfig::new(database.expect("a replica"))).await;
    memory.expect("memory")
}

async fn remember(memory: &Memory, scope: &Scope, text: &str) {
    let note = NewRecord::fact(text);
    memory.remember(scope, note).await.expect("remember");
}

async fn listed(memory: &Memory, scope: &Scope) -> usize {
    let page = memory.list(scope, Page::default()).await.expect("list");
    let stats = memory.stats(scope).await.expect("stats");
    assert_eq!(stats.records, page.records.len() as u64);
    page.records.len()
}

async fn replica() -> AnyConnection {
    let url = server("KAREN_TEST_POSTGRES_REPLICA_URL");
    AnyConnection::connect(&url).await.expect("a replica")
}

/// Stops replaying, or goes on.
async fn replay(goes_on: bool) {
    let verb = if goes_on { "resume" } else { "pause" };
    let statement = format!("SELECT pg_wal_replay_{verb}()::text");
    let done = replica().await.execute(AssertSqlSafe(statement)).await;
    done.expect("it obeys");
}

/// Everything that was committed so far is there.
async fn until_replayed() {
    let mut primary = AnyConnection::connect(&server("KAREN_TEST_POSTGRES_URL")).await;
    let row = primary
        .as_mut()
        .expect("the primary")
        .fetch_one("SELECT pg_current_wal_flush_lsn()::text")
        .await;
    let end: String = row.expect("a row").get(0);
    let mut replica = replica().await;
    loop {
        let has = sqlx::query("SELECT pg_last_wal_replay_lsn() >= CAST($1 AS text)::pg_lsn")
            .bind(end.as_str())
            .fetch_one(&mut replica)
            .await;
        if has.expect("a row").get::<bool, _>(0) {
            return;
        }
    }
}

/// How many statements of this sort run, or ran last, on a connection to the replica.
async fn asked_of_the_replica() -> i64 {
    let mut replica = replica().await;
    let row = replica
        .fetch_one(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM memory_records%'
                    AND pid <> pg_backend_pid()",
        )
        .await;
    row.expect("a row").get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_answers_what_it_has_and_the_primary_what_it_has_not() {
    let scope = somebody();
    let memory = memory(&server("KAREN_TEST_POSTGRES_REPLICA_URL")).await;
    remember(&memory, &scope, "The boat is red.").await;
    // Others write too: now and then it is a moment behind, and the primary answers.
    while asked_of_the_replica().await == 0 {
        until_replayed().await;
        assert_eq!(listed(&memory, &scope).await, 1);
    }
    replay(false).await;
    for (count, text) in [(2, "The barn needs paint."), (3, "Tom has the key.")] {
        remember(&memory, &scope, text).await;
        assert_eq!(
            listed(&memory, &scope).await,
            count,
            "its own writes, at once"
        );
    }
    replay(true).await;
    until_replayed().await;
    assert_eq!(listed(&memory, &scope).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_replica_the_primary_answers() {
    let (scope, url) = (somebody(), server("KAREN_TEST_POSTGRES_REPLICA_URL"));
    let relay = Relay::to(&url).await;
    let memory = memory(&relay.url(&url)).await;
    remember(&memory, &scope, "The boat is red.").await;
    assert_eq!(listed(&memory, &scope).await, 1);
    relay.cut().await;
    assert_eq!(listed(&memory, &scope).await, 1, "it dies");
    relay.mend().await;
    let away = Relay::to(&url).await;
    away.cut().await;
    let opened = primary().await.with_replica(&away.url(&url)).await;
    assert!(opened.is_ok(), "one that is not there yet");
}

#[tokio::test]
async fn a_server_that_follows_no_other_is_no_replica() {
    let itself = server("KAREN_TEST_POSTGRES_URL");
    let refused = primary()
        .await
        .with_replica(&itself)
        .await
        .expect_err("none");
    assert_eq!(refused.kind(), SqlErrorKind::Invalid);
    let file = Database::open(Location::Memory).await.expect("opens");
    let refused = file.with_replica(&itself).await.expect_err("none");
    assert_eq!(refused.kind(), SqlErrorKind::Invalid);
}
