//! Many records at once.

use super::{append, get};
use crate::testing::{fact, scopes, turn};
use crate::{Change, LogEntry, Record, RecordId, RecordStore, Remembered, Scope};

/// More than any store takes in one statement.
const RECORDS: usize = 600;
/// Where a turn is told again.
const AGAIN: usize = 400;

/// Turns with facts among them, which supersede, contradict and repeat one another.
fn told() -> Vec<Record> {
    let facts = [
        (10, "I live in Berlin."),
        (20, "I live in Paris."),
        (21, "I live in Paris."),
        (300, "I live in Rome."),
        (RECORDS - 1, "I live in Oslo."),
    ];
    let mut told: Vec<Record> = (0..RECORDS)
        .map(|at| turn("a", &format!("turn {at}"), at as i64))
        .collect();
    for (place, text) in facts {
        told[place] = fact(text, place as i64);
    }
    told[AGAIN] = told[3].clone();
    told
}

async fn changes(store: &dyn RecordStore, scope: &Scope) -> Vec<Change> {
    let entries = store.log_after(scope, 0, 2 * RECORDS as u32).await;
    let entries: Vec<LogEntry> = entries.expect("read the log");
    let rises = |pair: &[LogEntry]| pair[0].sequence < pair[1].sequence;
    assert!(entries.windows(2).all(rises), "sequences rise");
    entries.into_iter().map(|entry| entry.change).collect()
}

pub(super) async fn keeps_many_as_it_keeps_one_after_another(store: &dyn RecordStore) {
    let [at_once, one_by_one, _] = scopes();
    let told = told();
    let answers = append(store, &at_once, &told).await;
    let mut expected: Vec<Remembered> = Vec::new();
    for record in &told {
        expected.extend(append(store, &one_by_one, std::slice::from_ref(record)).await);
    }
    assert_eq!(answers, expected, "answers in order");
    let retired = answers
        .iter()
        .map(|one| one.supersedes.len())
        .sum::<usize>();
    assert_eq!(retired, 3, "Berlin, Paris and Rome");
    let mut ids: Vec<RecordId> = told.iter().map(|record| record.id.clone()).collect();
    ids.remove(AGAIN);
    let kept = get(store, &at_once, &ids).await;
    assert_eq!(kept, get(store, &one_by_one, &ids).await);
    assert_eq!(kept.len(), ids.len() - 1, "one fact was told twice");
    let logged = changes(store, &at_once).await;
    assert_eq!(logged, changes(store, &one_by_one).await);
    assert_eq!(logged.len(), kept.len() + retired, "and what was retired");
}
