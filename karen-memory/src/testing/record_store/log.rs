//! The log of a record store.

use std::sync::Arc;

use super::append;
use crate::testing::{fact, scope, scopes, turn};
use crate::{Change, LogEntry, RecordStore, Scope, SessionId};

const WRITERS: usize = 4;
const WRITES_EACH: usize = 8;

async fn log_after(
    store: &dyn RecordStore,
    scope: &Scope,
    after: i64,
    limit: u32,
) -> Vec<LogEntry> {
    let answer = store.log_after(scope, after, limit).await;
    answer.expect("read the log")
}

fn last(entries: &[LogEntry]) -> i64 {
    entries.last().map_or(0, |entry| entry.sequence)
}

pub(super) async fn tells_what_has_become_of_records(store: &dyn RecordStore) {
    let scope = scope();
    let (kept, deleted) = (turn("a", "kept", 1), fact("deleted", 2));
    append(store, &scope, &[kept.clone(), deleted.clone()]).await;
    let before = log_after(store, &scope, 0, 10).await;
    let changes: Vec<Change> = before.iter().map(|entry| entry.change.clone()).collect();
    let put = [Change::Put(kept.clone()), Change::Put(deleted.clone())];
    assert_eq!(changes, put, "oldest first");
    assert!(before[0].sequence > 0, "sequences start above 0");

    append(store, &scope, &[fact("kept", 1), fact("KEPT", 1)]).await;
    let (known, session) = (last(&before), SessionId::new("a"));
    let one = log_after(store, &scope.clone().in_session(session), known, 10).await;
    assert_eq!(
        one.len(),
        1,
        "what is not stored again is not logged, and sessions share a log"
    );
    assert!(last(&one) > known, "sequences rise");

    assert!(store.delete(&scope, &deleted.id).await.expect("delete"));
    let gone = Change::Delete(deleted.id.clone());
    let tail = log_after(store, &scope, last(&one), 10).await;
    assert_eq!(tail.len(), 1, "a deletion is logged");
    assert_eq!(tail[0].change, gone);
    let now = log_after(store, &scope, 0, 10).await;
    assert_eq!(now[1].change, gone, "entries tell what is true now");
    assert_eq!(
        log_after(store, &scope, 0, 2).await,
        now[..2],
        "no more than asked for"
    );
    assert!(log_after(store, &scope, last(&now), 10).await.is_empty());

    assert_eq!(store.delete_all(&scope).await.expect("delete all"), 2);
    let tail = log_after(store, &scope, last(&now), 10).await;
    assert_eq!(tail.len(), 2, "an entry for each record");
    assert!(
        tail.iter()
            .all(|entry| matches!(entry.change, Change::Delete(_)))
    );
    assert!(tail[0].sequence < tail[1].sequence);
}

/// A reader that follows the log while others write misses nothing.
pub(super) async fn shows_entries_in_order(store: &Arc<dyn RecordStore>) {
    let scope = scope();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(store), scope.clone(), writer)))
        .collect();
    let mut followed: Vec<LogEntry> = Vec::new();
    loop {
        // Asked before reading: what was written by then must be read.
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let entries = log_after(&**store, &scope, last(&followed), 3).await;
        if entries.is_empty() && is_over {
            break;
        }
        followed.extend(entries);
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.expect("the writer did not panic");
    }
    let all = log_after(&**store, &scope, 0, 1_000).await;
    assert_eq!(all.len(), WRITERS * WRITES_EACH, "every change is logged");
    assert!(
        all.is_sorted_by(|a, b| a.sequence < b.sequence),
        "sequences rise"
    );
    assert_eq!(followed, all, "no entry appears behind a reader");
}

async fn write(store: Arc<dyn RecordStore>, scope: Scope, writer: usize) {
    for i in 0..WRITES_EACH {
        append(&*store, &scope, &[fact(&format!("{writer} wrote {i}"), 1)]).await;
    }
}

pub(super) async fn knows_how_far_each_log_has_come(store: &dyn RecordStore) {
    let [ada, bob, namesake] = scopes();
    let heads = store.heads(ada.tenant()).await.expect("heads");
    assert!(heads.is_empty(), "nobody has a log");
    append(store, &bob, &[fact("one", 1)]).await;
    append(store, &ada, &[fact("one", 1), fact("two", 2)]).await;
    append(store, &namesake, &[fact("one", 1)]).await;
    let heads = store.heads(ada.tenant()).await.expect("heads");
    let mut ends = Vec::new();
    for scope in [&ada, &bob] {
        let end = last(&log_after(store, scope, 0, 10).await);
        ends.push((scope.user().clone(), end));
    }
    assert_eq!(heads, ends, "of one tenant, ordered by user");
    for (scope, end) in [&ada, &bob].into_iter().zip(&ends) {
        assert_eq!(store.head(scope).await.expect("head"), end.1);
    }
    let silent = scope();
    assert_eq!(store.head(&silent).await.expect("head"), 0, "no log yet");
}

/// Others may be there: a store may be shared with who knows whom.
pub(super) async fn tells_of_everybody(store: &dyn RecordStore) {
    let [ada, bob, namesake] = scopes();
    for scope in [&ada, &bob, &namesake] {
        append(store, scope, &[fact("one", 1)]).await;
    }
    let (mut everybody, mut after) = (Vec::new(), None);
    loop {
        let some = store.everybody(after.as_ref(), 2).await.expect("everybody");
        assert!(some.len() <= 2);
        let Some(last) = some.last().cloned() else {
            break;
        };
        after = Some(last);
        everybody.extend(some);
    }
    let mut owners: Vec<_> = everybody.iter().map(Scope::owner).collect();
    for scope in [&ada, &bob, &namesake] {
        let there = owners.iter().filter(|owner| **owner == scope.owner());
        assert_eq!(there.count(), 1, "each once");
    }
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), everybody.len(), "nobody twice");
}
