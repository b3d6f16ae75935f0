//! What every record store owes.

mod batch;
mod carry;
mod log;
mod look;
mod revise;
mod wishes;

use std::sync::Arc;

use super::{fact, scope, scopes, turn};
use crate::{
    Cursor, MemoryErrorKind, Page, Record, RecordId, RecordStore, Refusal, Remembered, Scope,
    SessionId,
};

/// Runs the contract of [`RecordStore`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn record_store(store: Arc<dyn RecordStore>) {
    keeps_what_it_is_given(&*store).await;
    keeps_the_same_once(&store).await;
    batch::keeps_many_as_it_keeps_one_after_another(&*store).await;
    lists_in_pages(&*store).await;
    look::lists_and_counts_by_sort_and_time(&*store).await;
    knows_no_other_scope(&*store).await;
    narrows_to_a_session(&*store).await;
    keeps_forgotten_turns_forgotten(&*store).await;
    revise::keeps_what_a_record_was(&*store).await;
    revise::refuses_the_identity_of_another(&*store).await;
    revise::retires_what_is_no_longer_true(&*store).await;
    wishes::keeps_nothing_against_a_wish(&*store).await;
    wishes::brings_instructions_of_the_scope(&*store).await;
    wishes::erases_everything_of_one_user(&*store).await;
    carry::takes_what_another_store_gave(&*store).await;
    carry::keeps_settings_and_marks_of_each_user(&*store).await;
    carry::knows_what_vectors_were_made_with(&*store).await;
    log::tells_what_has_become_of_records(&*store).await;
    log::knows_how_far_each_log_has_come(&*store).await;
    log::tells_of_everybody(&*store).await;
    log::shows_entries_in_order(&store).await;
}

async fn append(store: &dyn RecordStore, scope: &Scope, records: &[Record]) -> Vec<Remembered> {
    let answer = store.append(scope, records.to_vec()).await;
    answer.expect("append")
}

async fn get(store: &dyn RecordStore, scope: &Scope, ids: &[RecordId]) -> Vec<Record> {
    let mut records = store.get(scope, ids).await.expect("get");
    records.sort_by(|a, b| a.id.cmp(&b.id));
    records
}

async fn list(store: &dyn RecordStore, scope: &Scope) -> Vec<Record> {
    let page = store.list(scope, Page::default()).await.expect("list");
    page.records
}

fn stored(record: &Record) -> Remembered {
    Remembered::stored(record.id.clone())
}

fn reinforced(record: &Record) -> Remembered {
    Remembered::reinforcing(record.id.clone(), Refusal::Same)
}

async fn keeps_what_it_is_given(store: &dyn RecordStore) {
    let scope = scope();
    let bare = fact("It's a quote: \" and a \\ and a 🦀\nand a line\u{1}", -1);
    let full = Record {
        speaker: "Ada".to_owned(),
        caption: Some("a dog".to_owned()),
        tags: vec!["pets".to_owned(), "a \"b\"".to_owned()],
        ..turn("s", "Look at him!", i64::MAX)
    };
    let answer = append(store, &scope, &[bare.clone(), full.clone()]).await;
    assert_eq!(answer, [stored(&bare), stored(&full)], "answers in order");
    let ids = [full.id.clone(), RecordId::fresh(), bare.id.clone()];
    assert_eq!(get(store, &scope, &ids).await, [bare, full], "as given");
    assert!(get(store, &scope, &[]).await.is_empty());
    assert!(append(store, &scope, &[]).await.is_empty());
}

async fn keeps_the_same_once(store: &Arc<dyn RecordStore>) {
    let scope = scope();
    let first = fact("My dog is called Biscuit.", 1);
    let again = fact("my  DOG is called Biscuit.", 2);
    let answer = append(&**store, &scope, &[first.clone(), again.clone()]).await;
    assert_eq!(answer, [stored(&first), reinforced(&first)], "in one batch");
    let answer = append(&**store, &scope, &[again]).await;
    assert_eq!(answer, [reinforced(&first)], "in another");
    let said = turn("s", "My dog is called Biscuit.", 3);
    let edited = Record {
        id: RecordId::fresh(),
        text: "edited".to_owned(),
        ..said.clone()
    };
    let answer = append(&**store, &scope, &[said.clone(), edited]).await;
    assert_eq!(answer, [stored(&said), reinforced(&said)], "by its source");

    let writers = (0..8).map(|_| {
        let (store, scope) = (Arc::clone(store), scope.clone());
        tokio::spawn(async move { append(&*store, &scope, &[fact("at once", 4)]).await })
    });
    let mut kept = 0;
    for writer in writers.collect::<Vec<_>>() {
        let answer = writer.await.expect("the writer did not panic");
        kept += answer.iter().filter(|one| one.stored).count();
    }
    assert_eq!(kept, 1, "writers at once keep it once");
    assert_eq!(store.count(&scope).await.expect("count"), 3);
}

async fn lists_in_pages(store: &dyn RecordStore) {
    let scope = scope();
    let records: Vec<Record> = [10, 30, 20, 20, 20]
        .into_iter()
        .enumerate()
        .map(|(i, at)| fact(&format!("number {i}"), at))
        .collect();
    append(store, &scope, &records).await;
    let newest_first = [1, 4, 3, 2, 0].map(|i| records[i].clone());
    assert_eq!(list(store, &scope).await, newest_first, "ties: latest id");
    let mut listed = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = store
            .list(
                &scope,
                Page {
                    after,
                    limit: 2,
                    ..Page::default()
                },
            )
            .await;
        let page = page.expect("list");
        assert!(page.records.len() <= 2, "no more than asked for");
        listed.extend(page.records);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, newest_first, "pages join without gap or overlap");
    for limit in [0, Page::LIMIT_MAX + 1] {
        let page = Page {
            after: None,
            limit,
            ..Page::default()
        };
        let refused = store.list(&scope, page).await.expect_err("a bad limit");
        assert_eq!(refused.kind(), MemoryErrorKind::Invalid);
    }
}

async fn knows_no_other_scope(store: &dyn RecordStore) {
    let [owner, neighbour, namesake] = scopes();
    let kept = turn("s", "a secret", 1);
    append(store, &owner, std::slice::from_ref(&kept)).await;
    for other in [neighbour, namesake] {
        let ids = std::slice::from_ref(&kept.id);
        assert!(get(store, &other, ids).await.is_empty(), "get");
        assert!(list(store, &other).await.is_empty(), "list");
        assert_eq!(store.count(&other).await.expect("count"), 0);
        assert!(!store.delete(&other, &kept.id).await.expect("delete"));
        assert_eq!(store.delete_all(&other).await.expect("delete all"), 0);
        let log = store.log_after(&other, 0, 10).await.expect("log");
        assert!(log.is_empty(), "log");
        let theirs = Record {
            id: RecordId::fresh(),
            ..kept.clone()
        };
        let answer = append(store, &other, std::slice::from_ref(&theirs)).await;
        assert_eq!(answer, [stored(&theirs)], "the same words are theirs too");
    }
    assert_eq!(list(store, &owner).await, [kept], "it is untouched");
}

async fn narrows_to_a_session(store: &dyn RecordStore) {
    let scope = scope();
    let (here, there, nowhere) = (turn("a", "one", 1), turn("b", "two", 2), fact("three", 3));
    append(
        store,
        &scope,
        &[here.clone(), there.clone(), nowhere.clone()],
    )
    .await;
    let session = scope.clone().in_session(SessionId::new("a"));
    let ids = [&here, &there, &nowhere].map(|record| record.id.clone());
    let here = [here];
    assert_eq!(get(store, &session, &ids).await, here, "get");
    assert_eq!(list(store, &session).await, here, "list");
    assert_eq!(store.count(&session).await.expect("count"), 1);
    assert!(!store.delete(&session, &there.id).await.expect("delete"));
    assert_eq!(store.delete_all(&session).await.expect("delete all"), 1);
    assert_eq!(list(store, &scope).await, [nowhere, there]);
}

async fn keeps_forgotten_turns_forgotten(store: &dyn RecordStore) {
    let scope = scope();
    let (one, two, note) = (turn("a", "one", 1), turn("b", "two", 2), fact("three", 3));
    append(store, &scope, &[one.clone(), two.clone(), note.clone()]).await;
    assert!(store.delete(&scope, &one.id).await.expect("delete"));
    assert!(!store.delete(&scope, &one.id).await.expect("delete twice"));
    assert_eq!(store.delete_all(&scope).await.expect("delete all"), 2);
    let again = [&one, &two, &note].map(|record| Record {
        id: RecordId::fresh(),
        ..record.clone()
    });
    let gone = |record: &Record| Remembered::refused(record.id.clone(), Refusal::Forgotten);
    let answer = append(store, &scope, &again).await;
    let expected = [gone(&one), gone(&two), stored(&again[2])];
    assert_eq!(
        answer, expected,
        "turns stay forgotten, facts are told anew"
    );
    assert_eq!(list(store, &scope).await, [again[2].clone()]);
}
