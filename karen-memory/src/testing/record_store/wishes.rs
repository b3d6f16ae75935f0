//! What a person decides about being remembered.

use crate::testing::{fact, scopes, turn};
use crate::{
    Consent, Page, Record, RecordKind, RecordStore, Refusal, Remembered, SessionId, TenantId,
};

pub(super) async fn keeps_nothing_against_a_wish(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let quiet = scope.clone().in_session(SessionId::new("a"));
    let set = async |scope, consent| store.set_consent(scope, consent).await.expect("set");
    assert_eq!(
        store.consent(&scope).await.expect("consent"),
        Consent::Remember
    );
    set(&quiet, Consent::DoNotRemember).await;
    let (here, there) = (turn("a", "one", 1), turn("b", "two", 2));
    let answer = store
        .append(&scope, vec![here.clone(), there.clone()])
        .await;
    let refused = Remembered::refused(here.id.clone(), Refusal::Consent);
    let expected = [refused, Remembered::stored(there.id.clone())];
    assert_eq!(answer.expect("append"), expected);
    set(&scope, Consent::DoNotRemember).await;
    let answer = store.append(&scope, vec![fact("three", 3)]).await;
    assert!(!answer.expect("append")[0].stored);
    assert_eq!(store.count(&scope).await.expect("count"), 1);
    let theirs = store.append(&neighbour, vec![fact("three", 3)]).await;
    assert!(
        theirs.expect("append")[0].stored,
        "others decide for themselves"
    );
    set(&scope, Consent::Remember).await;
    set(&quiet, Consent::Remember).await;
    let answer = store.append(&scope, vec![here]).await;
    assert!(
        answer.expect("append")[0].stored,
        "it was refused, not forgotten"
    );
}

pub(super) async fn brings_instructions_of_the_scope(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let instruct = |text: &str, session: Option<&str>, at| Record {
        kind: RecordKind::Instruction,
        session: session.map(SessionId::new),
        ..fact(text, at)
    };
    let mut over = instruct("over", None, 0);
    over.lifetime.valid_to = Some(5);
    let records = [
        instruct("second", None, 2),
        instruct("first", None, 1),
        instruct("here", Some("a"), 3),
        instruct("there", Some("b"), 4),
        over,
        fact("a note", 5),
    ];
    store
        .append(&scope, records.to_vec())
        .await
        .expect("append");
    let texts = async |scope, now| {
        let found = store.instructions(&scope, now).await.expect("instructions");
        found
            .into_iter()
            .map(|record| record.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(scope.clone(), 4).await, ["over", "first", "second"]);
    let session = scope.clone().in_session(SessionId::new("a"));
    assert_eq!(texts(session, 5).await, ["first", "second", "here"]);
    assert!(texts(neighbour, 5).await.is_empty());
}

pub(super) async fn erases_everything_of_one_user(store: &dyn RecordStore) {
    let [scope, neighbour, _] = scopes();
    let (said, note) = (turn("a", "one", 1), fact("two", 2));
    for user in [&scope, &neighbour] {
        let records = vec![said.clone(), note.clone()];
        store.append(user, records).await.expect("append");
    }
    let session = scope.clone().in_session(SessionId::new("a"));
    let consent = Consent::DoNotRemember;
    store.set_consent(&session, consent).await.expect("set");
    let head = store.log_after(&scope, 0, 10).await.expect("log").len();
    assert_eq!(
        store.erase(&session).await.expect("erase"),
        2,
        "every session"
    );
    assert_eq!(store.count(&scope).await.expect("count"), 0);
    assert_eq!(
        store.consent(&session).await.expect("consent"),
        Consent::Remember
    );
    let users = store.users(scope.tenant()).await.expect("users");
    assert!(
        users.contains(scope.user()),
        "what is kept of it is its name"
    );
    let elsewhere = store.users(&TenantId::new("elsewhere")).await;
    assert!(elsewhere.expect("users").is_empty());
    let log = store.log_after(&scope, 0, 10).await.expect("log");
    assert!(log.len() > head, "indexes hear of it");
    let again = store.append(&scope, vec![said]).await.expect("append");
    assert!(again[0].stored, "its source is not known any more");
    let theirs = store.list(&neighbour, Page::default()).await.expect("list");
    assert_eq!(theirs.records.len(), 2, "the neighbour's stay");
}
