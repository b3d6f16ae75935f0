//! Recall by meaning, and without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use karen_memory::testing::HashedWords;
use karen_memory::{
    Channel, Embedder, Memory, MemoryConfig, MemoryError, MemoryErrorKind, NewRecord,
};
use karen_sql::Location;

use crate::{ada, config, recall, texts};

/// Hashes words, stop words too, unless it is told to fail; takes a while, and counts the texts.
#[derive(Default)]
struct Moody {
    fails: AtomicBool,
    embedded: AtomicUsize,
}

#[async_trait]
impl Embedder for Moody {
    fn id(&self) -> &str {
        HashedWords.id()
    }

    fn dim(&self) -> usize {
        HashedWords.dim()
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        if self.fails.load(Ordering::SeqCst) {
            let kind = MemoryErrorKind::Unavailable;
            return Err(MemoryError::new(kind, "embed", "texts"));
        }
        tokio::task::yield_now().await;
        self.embedded.fetch_add(texts.len(), Ordering::SeqCst);
        HashedWords.embed(texts).await
    }
}

async fn memory() -> (Memory, Arc<Moody>) {
    let embedder = Arc::new(Moody::default());
    let config = MemoryConfig {
        embedder: Some(Arc::clone(&embedder) as Arc<dyn Embedder>),
        ..config(Location::Memory).await
    };
    (Memory::open(config).await.expect("memory"), embedder)
}

async fn remember(memory: &Memory, text: &str) {
    let answer = memory.remember(&ada(), NewRecord::fact(text)).await;
    answer.expect("remember");
}

#[tokio::test]
async fn a_meaning_is_found_without_a_shared_word() {
    let (memory, _) = memory().await;
    remember(&memory, "who are you and what is it").await;
    remember(&memory, "The harbour is blue.").await;
    // Stop words alone: nothing that an index of words would match.
    let recall = recall(&memory, &ada(), "what are you and who is it").await;
    assert_eq!(texts(&recall), ["who are you and what is it"]);
    let why = &recall.items[0].why;
    assert!(why.cosine.expect("compared") > 0.9);
    assert!(
        why.channels
            .iter()
            .any(|(channel, _)| *channel == Channel::Dense)
    );
    assert!(why.terms.is_empty() && recall.missing.is_empty());
}

#[tokio::test]
async fn a_failing_embedder_costs_meaning_and_nothing_else() {
    let (memory, embedder) = memory().await;
    remember(&memory, "The boat is red.").await;
    assert!(recall(&memory, &ada(), "boat").await.missing.is_empty());
    embedder.fails.store(true, Ordering::SeqCst);
    remember(&memory, "The boat is sold.").await;
    let lexical = recall(&memory, &ada(), "boat").await;
    assert_eq!(lexical.items.len(), 2, "what was remembered meanwhile too");
    assert_eq!(lexical.missing, [Channel::Dense]);
    assert!(lexical.items.iter().all(|item| item.why.cosine.is_none()));
    let failed = memory.flush(&ada()).await.expect_err("it fails");
    assert_eq!(failed.kind(), MemoryErrorKind::Unavailable);

    embedder.fails.store(false, Ordering::SeqCst);
    let whole = recall(&memory, &ada(), "boat").await;
    assert!(whole.missing.is_empty());
    assert!(
        whole.items.iter().all(|item| item.why.cosine.is_some()),
        "caught up"
    );
}

#[tokio::test]
async fn forgetting_works_while_the_embedder_fails() {
    let (memory, embedder) = memory().await;
    let note = NewRecord::fact("who are you and what is it");
    let id = memory.remember(&ada(), note).await.expect("remember").id;
    memory.flush(&ada()).await.expect("flush");
    embedder.fails.store(true, Ordering::SeqCst);
    remember(&memory, "The boat is red.").await;
    assert!(memory.forget(&ada(), &id).await.expect("forget"));
    embedder.fails.store(false, Ordering::SeqCst);
    let recall = recall(&memory, &ada(), "what are you and who is it").await;
    assert!(recall.items.is_empty());
}

#[tokio::test]
async fn recalls_at_once_embed_each_record_once() {
    let (memory, embedder) = memory().await;
    for i in 0..5 {
        remember(&memory, &format!("boat {i}")).await;
    }
    let scope = ada();
    let ask = || recall(&memory, &scope, "boat");
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.items.len(), other.items.len()), (5, 5));
    let questions = 2;
    assert_eq!(embedder.embedded.load(Ordering::SeqCst), 5 + questions);
}
