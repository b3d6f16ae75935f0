//! Servers are named with how they do, and one that returns is brought what it missed.

use karen_memory::{Lag, Memory, NewRecord, Scope, ServerHealth};

use crate::outage::{Ways, setup};
use crate::postgres::somebody;

const ALL: [&str; 3] = ["redis", "elasticsearch", "milvus"];

/// The servers that do not answer.
fn silent(health: &[ServerHealth]) -> Vec<&'static str> {
    let silent = health.iter().filter(|one| one.answered.is_err());
    silent.map(|one| one.server).collect()
}

async fn lag(memory: &Memory, server: &str) -> Lag {
    let health = memory.health().await;
    let found = health.iter().find(|one| one.server == server);
    found.expect("it is used").lag
}

async fn tell(memory: &Memory, scope: &Scope, text: &str) {
    let told = memory.remember(scope, NewRecord::fact(text)).await;
    assert!(told.expect("remember").stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_is_named_and_so_is_each_that_does_not_answer() {
    let setup = setup("test_health").await;
    let (memory, ways) = (setup.memory, setup.ways);
    let health = memory.health().await;
    let servers: Vec<&str> = health.iter().map(|one| one.server).collect();
    assert_eq!(servers, ALL);
    assert_eq!(silent(&health), Vec::<&str>::new());
    for (relay, server) in [ways.redis, ways.elasticsearch, ways.milvus]
        .iter()
        .zip(ALL)
    {
        relay.cut().await;
        assert_eq!(silent(&memory.health().await), [server]);
        relay.mend().await;
        assert!(
            silent(&memory.health().await).is_empty(),
            "{server} is back"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_missed_is_counted_and_brought_when_it_returns() {
    let (setup, scope) = (setup("test_health").await, somebody());
    let memory = &setup.memory;
    for (relay, server) in [
        (&setup.ways.elasticsearch, "elasticsearch"),
        (&setup.ways.milvus, "milvus"),
    ] {
        relay.cut().await;
        tell(
            memory,
            &scope,
            &format!("It was told while {server} was away."),
        )
        .await;
        memory.catch_up().await.expect_err("a server is away");
        assert_eq!(lag(memory, server).await.users, 1);
        relay.mend().await;
        memory.catch_up().await.expect("all are there");
        assert_eq!(lag(memory, server).await, Lag::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memory_opens_while_its_servers_are_away_and_finds_them_later() {
    let (ways, scope) = (Ways::open().await, somebody());
    let relays = [&ways.redis, &ways.elasticsearch, &ways.milvus];
    for relay in relays {
        relay.cut().await;
    }
    let memory = ways.memory("test_health").await;
    assert_eq!(silent(&memory.health().await), ALL);
    tell(&memory, &scope, "It was told to nobody else.").await;
    for relay in relays {
        relay.mend().await;
    }
    assert!(silent(&memory.health().await).is_empty());
    memory.catch_up().await.expect("all are there");
    assert_eq!(lag(&memory, "milvus").await, Lag::default());
}
