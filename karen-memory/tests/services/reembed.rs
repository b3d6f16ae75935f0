//! Another embedder takes over in Milvus while recalls go on.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use karen_memory::testing::HashedWords;
use karen_memory::{
    Embedder, Memory, MemoryConfig, MemoryError, MilvusConfig, MilvusIndex, Query, Scope, Servers,
    SessionId, Turn, VectorIndex,
};
use karen_sql::{Database, Location};

use crate::postgres::somebody;
use crate::server;

/// More than a recall embeds by itself.
const NOTES: usize = 600;
const NAMESPACE: &str = "test_reembed";
const MEANT: &str = "who are you and what is it";
const ASKED: &str = "what are you and who is it";

/// Half of what hashed words say, under another name.
struct Halved;

#[async_trait]
impl Embedder for Halved {
    fn id(&self) -> &str {
        "halved-words"
    }

    fn dim(&self) -> usize {
        HashedWords.dim() / 2
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        let rows = HashedWords.embed(texts).await?;
        let half = |row: Vec<f32>| {
            let (left, right) = row.split_at(self.dim());
            let folded: Vec<f32> = left.iter().zip(right).map(|(l, r)| l + r).collect();
            let length = folded.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-9);
            folded.iter().map(|v| v / length).collect()
        };
        Ok(rows.into_iter().map(half).collect())
    }
}

async fn open(folder: &Path, embedder: Arc<dyn Embedder>) -> Memory {
    let location = Location::File(folder.join("karen.db"));
    let config = MemoryConfig {
        embedder: Some(embedder),
        former_embedders: vec![Arc::new(HashedWords)],
        servers: Servers {
            namespace: NAMESPACE.to_owned(),
            milvus: Some(server("KAREN_TEST_MILVUS_URL")),
            ..Servers::default()
        },
        ..MemoryConfig::new(Database::open(location).await.expect("opens"))
    };
    Memory::open(config).await.expect("memory")
}

async fn asks(memory: &Memory, scope: &Scope) {
    let found = memory
        .recall(scope, Query::new(ASKED))
        .await
        .expect("recall");
    assert!(found.missing.is_empty(), "by meaning too");
    assert_eq!(found.items[0].record.text, MEANT);
    assert!(found.items[0].why.cosine.expect("compared") > 0.9);
}

/// Where an embedder's vectors of a user have come to.
async fn mark(embedder: &dyn Embedder, scope: &Scope) -> i64 {
    let url = server("KAREN_TEST_MILVUS_URL");
    let index = MilvusIndex::open(MilvusConfig::new(NAMESPACE, url, embedder)).await;
    index.expect("opens").mark(scope).await.expect("mark")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collection_takes_the_place_of_another_while_recalls_go_on() {
    let (folder, scope) = (tempfile::tempdir().expect("folder"), somebody());
    let before = open(folder.path(), Arc::new(HashedWords)).await;
    let note = |i: usize| Turn {
        source_id: i.to_string(),
        session: SessionId::new("conv_1"),
        speaker: "user".to_owned(),
        text: if i == 0 {
            MEANT.to_owned()
        } else {
            format!("boat {i}")
        },
        caption: None,
        at: i as i64,
    };
    let notes = (0..NOTES).map(note).collect();
    before.ingest(&scope, notes).await.expect("ingest");
    asks(&before, &scope).await;
    assert!(mark(&HashedWords, &scope).await > 0);
    drop(before);

    let memory = open(folder.path(), Arc::new(Halved)).await;
    asks(&memory, &scope).await;
    assert_eq!(
        mark(&Halved, &scope).await,
        0,
        "the former embedder answered"
    );
    let asking = tokio::spawn({
        let (memory, scope) = (memory.clone(), scope.clone());
        async move {
            while memory.reembedding().is_some() {
                asks(&memory, &scope).await;
            }
        }
    });
    memory.reembed().await.expect("reembed");
    asking.await.expect("every answer was whole");
    asks(&memory, &scope).await;
    assert!(mark(&Halved, &scope).await > 0);
    assert_eq!(
        mark(&HashedWords, &scope).await,
        0,
        "its collection was dropped"
    );
    memory.rebuild().await.expect("rebuild");
}
