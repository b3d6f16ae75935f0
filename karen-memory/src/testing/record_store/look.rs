//! Listing and counting what there is of a sort.

use crate::testing::{fact, scopes, turn};
use crate::{Page, Record, RecordKind, RecordStore, Revision, SessionId, Stats, When};

pub(super) async fn lists_and_counts_by_sort_and_time(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let mut brief = fact("brief", 10);
    brief.lifetime.valid_to = Some(50);
    let mut wrong = fact("wrong", 20);
    wrong.lifetime.recorded_at = 20;
    brief.lifetime.recorded_at = 20;
    let mut lasting = Record {
        pinned: true,
        ..fact("lasting", 30)
    };
    lasting.lifetime.recorded_at = 20;
    let mut said = turn("a", "said", 40);
    said.lifetime.recorded_at = 40;
    let records = [&brief, &wrong, &lasting, &said].map(Clone::clone);
    store
        .append(&scope, records.to_vec())
        .await
        .expect("append");
    let retire = Revision::Retire {
        valid_to: 20,
        superseded_by: Some(lasting.id.clone()),
    };
    store
        .revise(&scope, &wrong.id, &retire, 60)
        .await
        .expect("revise");
    let ids = async |kind, when| {
        let page = Page {
            kind,
            when,
            ..Page::default()
        };
        let page = store.list(&scope, page).await.expect("list");
        page.records
            .into_iter()
            .map(|record| record.id)
            .collect::<Vec<_>>()
    };
    let fact_kind = Some(RecordKind::Fact);
    let [brief, wrong, lasting, said] = [brief.id, wrong.id, lasting.id, said.id];
    let everything = [&said, &lasting, &wrong, &brief].map(Clone::clone);
    assert_eq!(ids(None, When::Ever).await, everything);
    assert_eq!(
        ids(Some(RecordKind::Turn), When::Ever).await,
        std::slice::from_ref(&said)
    );
    assert_eq!(
        ids(fact_kind, When::Present(49)).await,
        [lasting.clone(), brief.clone()]
    );
    assert_eq!(
        ids(fact_kind, When::Present(50)).await,
        std::slice::from_ref(&lasting)
    );
    let as_of = |valid, known| When::AsOf { valid, known };
    assert_eq!(
        ids(fact_kind, as_of(45, 59)).await,
        [lasting.clone(), wrong, brief.clone()],
        "that it was wrong was not known yet"
    );
    assert_eq!(ids(fact_kind, as_of(45, 60)).await, [lasting, brief]);
    assert!(ids(fact_kind, as_of(45, 19)).await.is_empty());
    let stats = Stats {
        records: 4,
        facts: 3,
        turns: 1,
        present: 3,
        pinned: 1,
        superseded: 1,
        first_at: Some(10),
        last_at: Some(40),
        ..Stats::default()
    };
    assert_eq!(store.stats(&scope, 49).await.expect("stats"), stats);
    let later = store.stats(&scope, 50).await.expect("stats");
    assert_eq!(later.present, 2);
    let session = scope.clone().in_session(SessionId::new("a"));
    let of_session = store.stats(&session, 49).await.expect("stats");
    assert_eq!((of_session.records, of_session.turns), (1, 1));
    let theirs = store.stats(&neighbour, 49).await.expect("stats");
    assert_eq!(theirs, Stats::default());
}
