//! What is carried over from another store, and what stands beside the records.

use crate::testing::{fact, scopes};
use crate::{
    ChangeKind, Exported, Imported, KnownEmbedder, Lifetime, Link, Record, RecordId, RecordStore,
    Relation, Retention, Usage, Version,
};

pub(super) async fn takes_what_another_store_gave(store: &dyn RecordStore) {
    let [scope, stranger, _] = scopes();
    let there = fact("a boat", 1);
    let appended = store.append(&scope, vec![there.clone()]).await;
    appended.expect("append");
    let record = Record {
        importance: 0.7,
        pinned: true,
        lifetime: Lifetime {
            valid_to: Some(9),
            retired_at: Some(8),
            archived_at: Some(7),
            ..Lifetime::since(2, 3)
        },
        superseded_by: Some(there.id.clone()),
        usage: Usage {
            count: 4,
            last_at: Some(5),
        },
        metadata: [("shelf".to_owned(), 3.into())].into_iter().collect(),
        ..fact("a barn", 2)
    };
    let history = vec![Version {
        version: 1,
        changed_at: 8,
        change: ChangeKind::Superseded,
        record: fact("a hut", 2),
    }];
    let links = vec![Link {
        from: record.id.clone(),
        to: there.id.clone(),
        relation: Relation::Evidence,
    }];
    let exported = Exported {
        record: record.clone(),
        history: history.clone(),
        links: links.clone(),
    };
    let bare = |record: Record| Exported {
        record,
        history: Vec::new(),
        links: Vec::new(),
    };
    let again = vec![bare(fact("A BOAT", 5)), bare(there), exported];
    let imported = store.import(&scope, again).await.expect("import");
    assert_eq!(
        imported,
        Imported {
            stored: 1,
            known: 2
        }
    );
    let ids = std::slice::from_ref(&record.id);
    let got = store.get(&scope, ids).await.expect("get");
    assert_eq!(got, std::slice::from_ref(&record), "as it was");
    assert_eq!(
        store.history(&scope, &record.id).await.expect("history"),
        history
    );
    assert_eq!(store.links(&scope, &record.id).await.expect("links"), links);
    assert!(store.get(&stranger, ids).await.expect("get").is_empty());
    let log = store.log_after(&scope, 0, 10).await.expect("log");
    assert_eq!(log.len(), 2, "indexes hear of it");
    store.link(&scope, &links).await.expect("link");
    let linked = store.links(&scope, &record.id).await.expect("links");
    assert_eq!(linked, links, "a link is there once");
}

pub(super) async fn knows_what_vectors_were_made_with(store: &dyn RecordStore) {
    // Others may be known: a store may be shared.
    let known = async |id: &str| {
        let known = store.embedders().await.expect("embedders");
        known.into_iter().find(|known| known.id == id)
    };
    let [first, second] = [(); 2].map(|()| RecordId::fresh().to_string());
    for (id, dim) in [(&first, 8), (&second, 3), (&second, 4)] {
        let note = KnownEmbedder {
            id: id.clone(),
            dim,
            is_settled: false,
        };
        store.note_embedder(&note).await.expect("note");
    }
    let noted = known(&second).await.expect("known");
    assert_eq!(
        (noted.dim, noted.is_settled),
        (3, false),
        "it stays as it was"
    );
    store.settle_embedder(&second).await.expect("settle");
    assert!(known(&second).await.expect("known").is_settled);
    assert_eq!(known(&first).await, None, "the others are forgotten");
}

pub(super) async fn keeps_settings_and_marks_of_each_user(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let weeks = Retention {
        short_days: Some(7),
        ..Retention::default()
    };
    for retention in [Retention::default(), weeks] {
        store.set_retention(&scope, retention).await.expect("set");
        assert_eq!(store.retention(&scope).await.expect("retention"), retention);
    }
    let theirs = store.retention(&neighbour).await.expect("retention");
    assert_eq!(theirs, Retention::default());
    let mark = async |scope, job| store.job_mark(scope, job).await.expect("mark");
    assert_eq!(mark(&scope, "a").await, 0);
    for at in [5, 9] {
        store.set_job_mark(&scope, "a", at).await.expect("set");
        assert_eq!(mark(&scope, "a").await, at);
    }
    assert_eq!(
        (mark(&scope, "b").await, mark(&neighbour, "a").await),
        (0, 0)
    );
    store.erase(&scope).await.expect("erase");
    assert_eq!(mark(&scope, "a").await, 0);
    let erased = store.retention(&scope).await.expect("retention");
    assert_eq!(erased, Retention::default());
}
