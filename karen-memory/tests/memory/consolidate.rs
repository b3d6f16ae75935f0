//! What several facts have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use karen_memory::{
    Memory, MemoryConfig, MemoryError, MemoryErrorKind, NewRecord, Proposal, Record, RecordKind,
    Relation, Summarizer,
};
use karen_sql::Location;

use crate::{ada, all, config, memory};

const RUNS: [&str; 4] = [
    "Ran along the harbour with Tom on Monday.",
    "Ran along the harbour with Tom on Tuesday.",
    "Ran along the harbour with Tom on Friday.",
    "The barn needs paint.",
];

async fn tell(memory: &Memory) {
    for (text, at) in RUNS.into_iter().zip(1..) {
        let note = NewRecord::fact(text).at(at);
        assert!(
            memory
                .remember(&ada(), note)
                .await
                .expect("remember")
                .stored,
            "{text}"
        );
    }
}

async fn summaries(memory: &Memory) -> Vec<Record> {
    let mut records = all(memory, &ada()).await;
    records.retain(|record| record.kind == RecordKind::Summary);
    records
}

#[tokio::test]
async fn a_pattern_is_added_once_with_its_evidence_and_the_facts_stay() {
    let memory = memory().await;
    tell(&memory).await;
    let before = all(&memory, &ada()).await;
    let done = memory.consolidate(&ada()).await.expect("consolidate");
    assert_eq!((done.examined, done.added), (4, 1));
    let summary = summaries(&memory).await.remove(0);
    assert!(
        RUNS[..3].contains(&summary.text.as_str()),
        "no word is made up"
    );
    assert_eq!(summary.metadata["proof_count"], 3);
    let links = memory.links(&ada(), &summary.id).await.expect("links");
    assert_eq!(links.len(), 3);
    assert!(links.iter().all(|link| link.relation == Relation::Evidence));
    let facts: Vec<Record> = all(&memory, &ada()).await;
    assert!(before.iter().all(|record| facts.contains(record)));
    let again = memory.consolidate(&ada()).await.expect("consolidate");
    assert_eq!((again.examined, again.added), (0, 0));
}

/// Proposes what it was made to, unless it fails.
struct Scripted {
    proposals: Vec<Proposal>,
    fails: AtomicBool,
}

#[async_trait]
impl Summarizer for Scripted {
    async fn propose(&self, texts: &[String]) -> Result<Vec<Proposal>, MemoryError> {
        if self.fails.load(Ordering::SeqCst) {
            let kind = MemoryErrorKind::Unavailable;
            return Err(MemoryError::new(kind, "summarize", "texts"));
        }
        assert!(texts.len() <= 10);
        Ok(self.proposals.clone())
    }
}

async fn with(proposals: Vec<Proposal>, fails: bool) -> (Memory, Arc<Scripted>) {
    let summarizer = Arc::new(Scripted {
        proposals,
        fails: AtomicBool::new(fails),
    });
    let config = MemoryConfig {
        summarizer: Some(Arc::clone(&summarizer) as Arc<dyn Summarizer>),
        ..config(Location::Memory).await
    };
    let memory = Memory::open(config).await.expect("memory");
    tell(&memory).await;
    (memory, summarizer)
}

fn says(text: &str, of: &[usize]) -> Proposal {
    Proposal::Summary {
        text: text.to_owned(),
        of: of.to_vec(),
    }
}

#[tokio::test]
async fn proposals_that_the_facts_do_not_bear_out_are_refused() {
    let proposals = vec![
        says("Often runs along the harbour with Tom.", &[0, 1, 2]),
        says("Often runs along the harbour with Anna.", &[0, 1, 2]),
        says("Runs 40 miles.", &[0, 1]),
        says("Never runs.", &[0, 1]),
        says("Runs with Tom.", &[0, 7]),
        says("Runs with Tom.", &[0]),
        Proposal::Supersede { old: 0, new: 1 },
        Proposal::Supersede { old: 0, new: 9 },
    ];
    let (memory, _) = with(proposals, false).await;
    let done = memory.consolidate(&ada()).await.expect("consolidate");
    assert_eq!((done.added, done.superseded, done.refused), (1, 0, 7));
    let kept = summaries(&memory).await;
    assert_eq!(kept[0].text, "Often runs along the harbour with Tom.");
}

#[tokio::test]
async fn a_job_that_failed_goes_on_and_adds_nothing_twice() {
    let proposals = vec![says("Runs along the harbour with Tom.", &[0, 1, 2])];
    let (memory, summarizer) = with(proposals, true).await;
    memory.consolidate(&ada()).await.expect_err("it fails");
    assert!(summaries(&memory).await.is_empty());
    summarizer.fails.store(false, Ordering::SeqCst);
    let done = memory.consolidate(&ada()).await.expect("consolidate");
    assert_eq!(done.added, 1, "it was not passed over");
    assert_eq!(summaries(&memory).await.len(), 1);
}
