//! Two instances over one PostgreSQL, one Redis, one Elasticsearch and one Milvus.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use karen_memory::testing::HashedWords;
use karen_memory::{
    ElasticsearchConfig, ElasticsearchIndex, Embedder, Filter, Memory, MemoryConfig, MemoryError,
    MilvusConfig, MilvusIndex, NewRecord, Query, RecordId, Scope, Servers, SessionId, TextIndex,
    Turn, VectorIndex,
};
use karen_sql::{Database, Location};
use tokio::sync::Semaphore;

use crate::postgres::{database, somebody};
use crate::server;
use crate::world::World;

const WRITES_EACH: usize = 12;
const OPERATIONS: usize = 200;
const OPERATIONS_TO_PROVE: usize = 50_000;

const NAMESPACE: &str = "test_instances";

async fn instance() -> Memory {
    instance_with(NAMESPACE, Arc::new(HashedWords)).await
}

/// One whose records are in a database of its own.
pub(crate) async fn instance_on(namespace: &str, location: Location) -> Memory {
    let config = MemoryConfig {
        embedder: Some(Arc::new(HashedWords)),
        servers: servers(namespace),
        ..MemoryConfig::new(Database::open(location).await.expect("opens"))
    };
    Memory::open(config).await.expect("memory")
}

async fn instance_with(namespace: &str, embedder: Arc<dyn Embedder>) -> Memory {
    let config = MemoryConfig {
        embedder: Some(embedder),
        servers: servers(namespace),
        ..MemoryConfig::new(database().await)
    };
    Memory::open(config).await.expect("memory")
}

fn servers(namespace: &str) -> Servers {
    Servers {
        namespace: namespace.to_owned(),
        redis: vec![server("KAREN_TEST_REDIS_URL")],
        elasticsearch: Some(server("KAREN_TEST_ELASTICSEARCH_URL")),
        milvus: Some(server("KAREN_TEST_MILVUS_URL")),
    }
}

fn session(scope: &Scope) -> Scope {
    scope.clone().in_session(SessionId::new("conv_1"))
}

fn turn(text: &str, at: i64) -> Turn {
    Turn {
        source_id: text.to_owned(),
        session: SessionId::new("conv_1"),
        speaker: "Ada".to_owned(),
        text: text.to_owned(),
        caption: None,
        at,
    }
}

async fn recalled(memory: &Memory, scope: &Scope, question: &str) -> Vec<String> {
    let query = Query::new(question).limit(100);
    let recall = memory.recall(scope, query).await.expect("recall");
    assert!(recall.missing.is_empty(), "every channel answers");
    let items = recall.items.into_iter();
    items.map(|item| item.record.text).collect()
}

async fn recent(memory: &Memory, scope: &Scope) -> Vec<String> {
    let records = memory.recent(&session(scope), 50).await.expect("recent");
    records.into_iter().map(|record| record.text).collect()
}

/// At which scales each record shares a word, as the index of a namespace has it.
async fn scales(namespace: &str, scope: &Scope, word: &str) -> BTreeMap<RecordId, [bool; 4]> {
    let url = server("KAREN_TEST_ELASTICSEARCH_URL");
    let config = ElasticsearchConfig::new(namespace, url);
    let index = ElasticsearchIndex::open(config).await.expect("opens");
    let hits = index.search(scope, word, &Filter::default(), 100).await;
    let hits = hits.expect("search").into_iter();
    hits.map(|hit| (hit.id, hit.scores.map(|score| score > 0.0)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_instance_sees_at_once_what_the_other_did() {
    let (here, there, scope) = (instance().await, instance().await, somebody());
    assert!(recent(&there, &scope).await.is_empty());
    let fact = NewRecord::fact("My dog is called Biscuit.");
    let kept = here
        .remember(&session(&scope), fact)
        .await
        .expect("remember");
    for memory in [&there, &here] {
        let expected = ["My dog is called Biscuit."];
        assert_eq!(recalled(memory, &scope, "the dog's name").await, expected);
        assert_eq!(recent(memory, &scope).await, expected);
    }
    assert!(there.forget(&scope, &kept.id).await.expect("forget"));
    for memory in [&here, &there] {
        assert!(recalled(memory, &scope, "the dog's name").await.is_empty());
        assert!(recent(memory, &scope).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_write_at_once_skip_nothing() {
    let (memories, scope) = ([instance().await, instance().await], somebody());
    let write = |(which, memory): (usize, &Memory)| {
        let (memory, scope) = (memory.clone(), scope.clone());
        tokio::spawn(async move {
            for i in 0..WRITES_EACH {
                let text = format!("instance {which} saw boat number {i}");
                let turns = vec![turn(&text, i as i64)];
                memory.ingest(&scope, turns).await.expect("ingest");
                let seen = recalled(&memory, &scope, &text).await;
                assert!(seen.contains(&text), "an instance reads its own writes");
                assert!(recent(&memory, &scope).await.contains(&text), "recent too");
            }
        })
    };
    let writers: Vec<_> = memories.iter().enumerate().map(write).collect();
    for writer in writers {
        writer.await.expect("the writer did not panic");
    }
    for memory in &memories {
        let seen = recalled(memory, &scope, "boat").await;
        assert_eq!(seen.len(), 2 * WRITES_EACH, "no index skipped a record");
        assert_eq!(recent(memory, &scope).await.len(), 2 * WRITES_EACH);
    }
    let rebuilt = instance_with("test_rebuilt", Arc::new(HashedWords)).await;
    recalled(&rebuilt, &scope, "boat").await;
    for i in 0..WRITES_EACH {
        let word = i.to_string();
        let found = scales(NAMESPACE, &scope, &word).await;
        assert_eq!(found, scales("test_rebuilt", &scope, &word).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_a_thousand_tenants_never_meet_on_servers_either() {
    let operations = match std::env::var_os("KAREN_PROVE") {
        Some(_) => OPERATIONS_TO_PROVE,
        None => OPERATIONS,
    };
    let memories = vec![instance().await, instance().await];
    let mut world = World::new(memories, somebody().tenant().as_str(), 1);
    for _ in 0..operations {
        world.step().await;
    }
    assert!(world.check_everyone().await > 0, "they kept something");
}

/// Hashes words once it is let, and says that it was asked.
struct Gated {
    asked: Semaphore,
    gate: Semaphore,
}

#[async_trait]
impl Embedder for Gated {
    fn id(&self) -> &str {
        HashedWords.id()
    }

    fn dim(&self) -> usize {
        HashedWords.dim()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        self.asked.add_permits(1);
        let _let = self.gate.acquire().await.expect("a gate");
        HashedWords.embed(texts).await
    }
}

/// What an instance has read of the log, and is slow to apply, must not undo what another applied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_instance_brings_nothing_forgotten_back() {
    let (asked, gate) = (Semaphore::new(0), Semaphore::new(0));
    let gated = Arc::new(Gated { asked, gate });
    let (slow, quick) = (
        instance_with(NAMESPACE, gated.clone()).await,
        instance().await,
    );
    let scope = somebody();
    let fact = NewRecord::fact("My dog is called Biscuit.");
    let kept = slow.remember(&scope, fact).await.expect("remember");

    let slow = tokio::spawn({
        let scope = scope.clone();
        async move { recalled(&slow, &scope, "the dog's name").await }
    });
    drop(gated.asked.acquire().await.expect("it has read the log"));
    let after = tokio::spawn({
        let (quick, scope, id) = (quick.clone(), scope.clone(), kept.id.clone());
        async move {
            assert!(quick.forget(&scope, &id).await.expect("forget"));
            recalled(&quick, &scope, "the dog's name").await
        }
    });
    while quick.count(&scope).await.expect("count") > 0 {}
    // It is deleted; time enough to overtake the slow one, were it possible.
    for _ in 0..100 {
        quick.count(&scope).await.expect("count");
    }
    gated.gate.add_permits(100);
    assert!(slow.await.expect("no panic").is_empty());
    assert!(after.await.expect("no panic").is_empty());

    let config = MilvusConfig::new(NAMESPACE, server("KAREN_TEST_MILVUS_URL"), &HashedWords);
    let index = MilvusIndex::open(config).await.expect("opens");
    let any = vec![1.0; HashedWords.dim()];
    let held = index.search(&scope, &any, &Filter::default(), 10).await;
    assert!(held.expect("search").is_empty(), "no vector of it is held");
}
