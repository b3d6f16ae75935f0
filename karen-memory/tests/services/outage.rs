//! Servers that die and return: what is missing is named, nothing is lost, and the rest goes on.

use std::sync::Arc;

use karen_memory::testing::HashedWords;
use karen_memory::{
    Channel, Memory, MemoryConfig, MemoryErrorKind, NewRecord, Query, Recall, Scope, Servers,
    SessionId,
};
use karen_sql::{Database, Location};

use crate::postgres::somebody;
use crate::relay::Relay;
use crate::server;

/// A memory, and the ways to its servers.
pub(crate) struct Setup {
    pub(crate) memory: Memory,
    pub(crate) ways: Ways,
}

/// Ways that can be cut.
pub(crate) struct Ways {
    pub(crate) postgres: Relay,
    pub(crate) redis: Relay,
    pub(crate) elasticsearch: Relay,
    pub(crate) milvus: Relay,
}

fn url(name: &str) -> String {
    server(&format!("KAREN_TEST_{name}_URL"))
}

impl Ways {
    pub(crate) async fn open() -> Self {
        Self {
            postgres: Relay::to(&url("POSTGRES")).await,
            redis: Relay::to(&url("REDIS")).await,
            elasticsearch: Relay::to(&url("ELASTICSEARCH")).await,
            milvus: Relay::to(&url("MILVUS")).await,
        }
    }

    /// A memory at the other end of them.
    pub(crate) async fn memory(&self, namespace: &str) -> Memory {
        let location = Location::Postgres(self.postgres.url(&url("POSTGRES")));
        let config = MemoryConfig {
            embedder: Some(Arc::new(HashedWords)),
            servers: Servers {
                namespace: namespace.to_owned(),
                redis: vec![self.redis.url(&url("REDIS"))],
                elasticsearch: Some(self.elasticsearch.url(&url("ELASTICSEARCH"))),
                milvus: Some(self.milvus.url(&url("MILVUS"))),
            },
            ..MemoryConfig::new(Database::open(location).await.expect("opens"))
        };
        Memory::open(config).await.expect("memory")
    }
}

pub(crate) async fn setup(namespace: &str) -> Setup {
    let ways = Ways::open().await;
    let memory = ways.memory(namespace).await;
    Setup { memory, ways }
}

fn session(scope: &Scope) -> Scope {
    scope.clone().in_session(SessionId::new("conv_1"))
}

async fn tell(memory: &Memory, scope: &Scope, text: &str) {
    let told = memory
        .remember(&session(scope), NewRecord::fact(text))
        .await;
    assert!(told.expect("remember").stored);
}

async fn recall(memory: &Memory, scope: &Scope) -> Recall {
    let recall = memory
        .recall(scope, Query::new("a boat in the harbour"))
        .await;
    recall.expect("recall")
}

fn count(recall: &Recall) -> usize {
    recall.items.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_elasticsearch_meaning_answers_and_words_catch_up_later() {
    let (setup, scope) = (setup("test_outage").await, somebody());
    let memory = &setup.memory;
    tell(memory, &scope, "A red boat lies in the harbour.").await;
    assert_eq!(count(&recall(memory, &scope).await), 1);
    setup.ways.elasticsearch.cut().await;
    tell(memory, &scope, "A blue boat lies in the harbour.").await;
    let degraded = recall(memory, &scope).await;
    assert!(degraded.missing.contains(&Channel::Turn), "it is named");
    assert_eq!(count(&degraded), 2, "meaning finds what was told meanwhile");
    setup.ways.elasticsearch.mend().await;
    let whole = recall(memory, &scope).await;
    assert!(whole.missing.is_empty());
    assert!(
        whole
            .items
            .iter()
            .all(|item| item.why.terms == ["boat", "harbour"])
    );
    assert_eq!(count(&whole), 2, "words have caught up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_milvus_words_answer_and_vectors_catch_up_later() {
    let (setup, scope) = (setup("test_outage").await, somebody());
    let memory = &setup.memory;
    tell(memory, &scope, "A red boat lies in the harbour.").await;
    assert_eq!(count(&recall(memory, &scope).await), 1);
    setup.ways.milvus.cut().await;
    tell(memory, &scope, "A blue boat lies in the harbour.").await;
    let degraded = recall(memory, &scope).await;
    assert_eq!(degraded.missing, [Channel::Dense], "it is named");
    assert_eq!(count(&degraded), 2);
    setup.ways.milvus.mend().await;
    let whole = recall(memory, &scope).await;
    assert!(whole.missing.is_empty());
    assert!(whole.items.iter().all(|item| item.why.cosine.is_some()));
    assert_eq!(count(&whole), 2, "vectors have caught up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_recent_records_come_from_the_truth() {
    let (setup, scope) = (setup("test_outage").await, somebody());
    let (memory, session) = (&setup.memory, session(&scope));
    tell(memory, &scope, "one").await;
    let recent = async || memory.recent(&session, 10).await.expect("recent");
    assert_eq!(recent().await.len(), 1);
    setup.ways.redis.cut().await;
    tell(memory, &scope, "two").await;
    let records = recent().await;
    assert_eq!(records.len(), 2, "nothing is missing");
    let again = memory.remember(&session, NewRecord::fact("two")).await;
    let again = again.expect("what is told again takes nothing away");
    assert!(!again.stored);
    let refused = memory.forget(&scope, &records[0].id).await;
    let kind = refused.expect_err("Redis may hold it").kind();
    assert_eq!(kind, MemoryErrorKind::Unavailable);
    setup.ways.redis.mend().await;
    memory
        .forget(&scope, &records[0].id)
        .await
        .expect("forget again");
    assert_eq!(recent().await, records[1..], "it is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_nothing_is_acknowledged() {
    let (setup, scope) = (setup("test_outage").await, somebody());
    let memory = &setup.memory;
    tell(memory, &scope, "A red boat lies in the harbour.").await;
    setup.ways.postgres.cut().await;
    let lost = memory
        .remember(&scope, NewRecord::fact("A blue boat."))
        .await;
    let kind = lost.expect_err("no truth").kind();
    assert_eq!(kind, MemoryErrorKind::Unavailable);
    setup.ways.postgres.mend().await;
    tell(memory, &scope, "A green boat lies in the harbour.").await;
    assert_eq!(count(&recall(memory, &scope).await), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_that_somebody_dropped_are_filled_again() {
    let (setup, scope) = (setup("test_rebuild").await, somebody());
    let memory = &setup.memory;
    tell(memory, &scope, "A red boat lies in the harbour.").await;
    assert_eq!(count(&recall(memory, &scope).await), 1);
    memory.rebuild().await.expect("rebuild");
    let again = recall(memory, &scope).await;
    assert!(again.missing.is_empty());
    assert_eq!(again.items[0].why.terms, ["boat", "harbour"]);
}
