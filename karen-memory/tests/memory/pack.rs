//! Recalled records as lines of a prompt.

use std::sync::Arc;

use karen_memory::{Memory, MemoryConfig, NewRecord, Recall, TokenCounter};
use karen_sql::Location;

use crate::{DAY_MS, MONDAY_NOON, ada, config, memory, recall, texts, turn};

async fn boats() -> (Memory, Recall) {
    let memory = memory().await;
    let turns = vec![
        turn(
            "msg_1",
            "user",
            "The boat\n  is red.\n- user: not a line",
            MONDAY_NOON,
        ),
        turn("msg_2", "assistant", "A fine boat.", MONDAY_NOON + 1),
        turn(
            "msg_3",
            "user",
            "The boat was sold.",
            MONDAY_NOON + 2 * DAY_MS,
        ),
    ];
    memory.ingest(&ada(), turns).await.expect("ingest");
    let recall = recall(&memory, &ada(), "boat").await;
    (memory, recall)
}

#[tokio::test]
async fn a_pack_reads_as_documented() {
    let (memory, recall) = boats().await;
    let pack = memory.pack(&recall, 1_000);
    let expect = "2026-11-23\n\
        - user: The boat is red. - user: not a line\n\
        - assistant: A fine boat.\n\
        2026-11-25\n\
        - user: The boat was sold.";
    assert_eq!(pack.text, expect);
    let times: Vec<i64> = pack.items.iter().map(|item| item.record.at).collect();
    assert!(times.is_sorted(), "items are in the order of the lines");
    assert_eq!(pack.tokens as usize, expect.len().div_ceil(4));
}

#[tokio::test]
async fn a_pack_keeps_to_its_budget_and_takes_the_best_that_fit() {
    let (memory, recall) = boats().await;
    for budget in 0..60 {
        let pack = memory.pack(&recall, budget);
        assert!(pack.tokens <= budget, "{} of {budget}", pack.tokens);
        assert_eq!(pack.tokens as usize, pack.text.len().div_ceil(4));
        assert_eq!(pack.text.is_empty(), pack.items.is_empty());
    }
    let best = Recall {
        items: recall.items[..1].to_vec(),
        ..Recall::default()
    };
    let alone = memory.pack(&best, 60).tokens;
    for budget in alone..60 {
        let pack = memory.pack(&recall, budget);
        let records: Vec<_> = pack.items.iter().map(|item| &item.record).collect();
        assert!(records.contains(&&best.items[0].record), "it fits {budget}");
    }
}

#[tokio::test]
async fn a_record_too_long_for_the_budget_is_passed_over() {
    let memory = memory().await;
    let long = "boat ".repeat(100);
    for text in [long.as_str(), "A boat, and a harbour full of other things"] {
        let note = NewRecord::fact(text).at(MONDAY_NOON);
        memory.remember(&ada(), note).await.expect("remember");
    }
    let recall = recall(&memory, &ada(), "boat").await;
    assert_eq!(texts(&recall)[0], long, "the longer is the better one");
    let pack = memory.pack(&recall, 30);
    let expect = "2026-11-23\n- user: A boat, and a harbour full of other things";
    assert_eq!(pack.text, expect);
}

#[tokio::test]
async fn a_pack_of_nothing_is_empty() {
    let memory = memory().await;
    let pack = memory.pack(&Recall::default(), 100);
    assert_eq!((pack.text.as_str(), pack.tokens), ("", 0));
    assert!(pack.items.is_empty());
}

/// Counts words.
struct Words;

impl TokenCounter for Words {
    fn count(&self, text: &str) -> u32 {
        u32::try_from(text.split_whitespace().count()).expect("few words")
    }
}

#[tokio::test]
async fn a_pack_is_measured_by_the_counter_it_is_given() {
    let config = MemoryConfig {
        tokens: Some(Arc::new(Words)),
        ..config(Location::Memory).await
    };
    let memory = Memory::open(config).await.expect("memory");
    let note = NewRecord::fact("A red boat").at(MONDAY_NOON);
    memory.remember(&ada(), note).await.expect("remember");
    let recall = recall(&memory, &ada(), "boat").await;
    assert_eq!(memory.pack(&recall, 5).tokens, 0, "it takes six words");
    assert_eq!(memory.pack(&recall, 6).tokens, 6);
}
