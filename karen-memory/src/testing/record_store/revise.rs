//! Revisions keep what a record was.

use crate::testing::{fact, scopes};
use crate::{ChangeKind, Edit, MemoryErrorKind, Record, RecordStore, Relation, Revision};

fn words(text: &str) -> Revision {
    Revision::Edit(Edit {
        text: Some(text.to_owned()),
        ..Edit::default()
    })
}

pub(super) async fn keeps_what_a_record_was(store: &dyn RecordStore) {
    let [scope, stranger, _] = scopes();
    let record = fact("a red boat", 1);
    let id = &record.id;
    store
        .append(&scope, vec![record.clone()])
        .await
        .expect("append");
    let before = store.log_after(&scope, 0, 10).await.expect("log");
    let theirs = store.revise(&stranger, id, &words("mine"), 10).await;
    assert_eq!(theirs.expect("revise"), None, "no other scope's");
    let revised = store.revise(&scope, id, &words("a green boat"), 10).await;
    let green = revised.expect("revise").expect("is there");
    assert_eq!(green.text, "a green boat");
    let retire = Revision::Retire {
        valid_to: 15,
        superseded_by: None,
    };
    let revised = store.revise(&scope, id, &retire, 20).await;
    let retired = revised.expect("revise").expect("is there");
    let lifetime = retired.lifetime;
    assert_eq!(
        (lifetime.valid_to, lifetime.retired_at),
        (Some(15), Some(20))
    );
    let got = store
        .get(&scope, std::slice::from_ref(id))
        .await
        .expect("get");
    assert_eq!(got, [retired]);

    let history = store.history(&scope, id).await.expect("history");
    let told: Vec<(i64, i64, ChangeKind, Record)> = history
        .into_iter()
        .map(|v| (v.version, v.changed_at, v.change, v.record))
        .collect();
    let expected = [
        (1, 10, ChangeKind::Edited, record.clone()),
        (2, 20, ChangeKind::Retired, green.clone()),
    ];
    assert_eq!(told, expected);
    assert!(
        store
            .history(&stranger, id)
            .await
            .expect("history")
            .is_empty()
    );
    let ids = std::slice::from_ref(id);
    for (known, expect) in [(9, vec![&record]), (10, vec![&green]), (20, vec![])] {
        let found = store.as_known(&scope, ids, known).await.expect("as known");
        assert_eq!(found.iter().collect::<Vec<_>>(), expect, "known at {known}");
    }
    let log = store.log_after(&scope, 0, 10).await.expect("log");
    assert_eq!(log.len(), before.len() + 2, "indexes hear of it");
    store.delete(&scope, id).await.expect("delete");
    assert!(store.history(&scope, id).await.expect("history").is_empty());
}

pub(super) async fn refuses_the_identity_of_another(store: &dyn RecordStore) {
    let [scope, ..] = scopes();
    let (one, other) = (fact("one", 1), fact("other", 2));
    let records = vec![one.clone(), other.clone()];
    store.append(&scope, records).await.expect("append");
    let twin = store.revise(&scope, &one.id, &words("OTHER"), 3).await;
    assert_eq!(twin.expect_err("a twin").kind(), MemoryErrorKind::Invalid);
    let got = store.get(&scope, std::slice::from_ref(&one.id)).await;
    assert_eq!(got.expect("get"), [one]);
}

pub(super) async fn retires_what_is_no_longer_true(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let paris = fact("I live in Paris.", 1);
    for user in [&scope, &neighbour] {
        store
            .append(user, vec![paris.clone()])
            .await
            .expect("append");
    }
    let (berlin, oslo) = (fact("I moved to Berlin.", 5), fact("I live in Oslo.", 5));
    let answer = store
        .append(&scope, vec![berlin.clone(), oslo.clone()])
        .await;
    let answer = answer.expect("append");
    assert_eq!(answer[0].supersedes, std::slice::from_ref(&paris.id));
    assert_eq!(
        answer[1].conflicts,
        std::slice::from_ref(&berlin.id),
        "neither is later"
    );
    let ids = [paris.id.clone()];
    let retired = store.get(&scope, &ids).await.expect("get").remove(0);
    assert_eq!(retired.lifetime.valid_to, Some(5));
    assert_eq!(retired.superseded_by.as_ref(), Some(&berlin.id));
    let relations = async |id| {
        let links = store.links(&scope, id).await.expect("links");
        links
            .into_iter()
            .map(|link| link.relation)
            .collect::<Vec<_>>()
    };
    assert_eq!(relations(&paris.id).await, [Relation::Supersedes]);
    assert_eq!(relations(&oslo.id).await, [Relation::Conflicts]);
    assert_eq!(store.get(&neighbour, &ids).await.expect("get"), [paris]);
}
