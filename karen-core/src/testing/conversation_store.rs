//! The suite of [`ConversationStore`].

use super::{conversation, message, scopes};
use crate::Code;
use crate::conversation::{ConversationCursor, ConversationStore, Remember, Tally};
use crate::id::{ConversationId, MessageId};

/// Checks the contract that [`ConversationStore`] states, on an empty store.
///
/// # Panics
/// With what is not as promised.
pub async fn conversation_store(store: &dyn ConversationStore) {
    what_is_kept_is_found(store).await;
    messages_keep_their_order_and_are_appended_once(store).await;
    lists_begin_with_the_last_used(store).await;
    pages_meet_where_times_are_equal(store).await;
    other_scopes_reach_nothing(store).await;
    messages_are_unremembered_until_marked(store).await;
    what_is_never_to_be_remembered_does_not_wait(store).await;
    what_is_deleted_is_gone(store).await;
    erasing_leaves_the_neighbour_alone(store).await;
}

async fn what_is_kept_is_found(store: &dyn ConversationStore) {
    let [scope, ..] = scopes();
    let kept = conversation(1);
    store.create(&scope, &kept).await.expect("creates");
    let found = store.get(&scope, &kept.id).await.expect("gets");
    assert_eq!(
        found,
        Some(kept.clone()),
        "a conversation is found as it was kept"
    );
    assert!(
        store
            .rename(&scope, &kept.id, "another")
            .await
            .expect("renames")
    );
    let found = store
        .get(&scope, &kept.id)
        .await
        .expect("gets")
        .expect("is there");
    assert_eq!(found.title, "another");
    let absent = ConversationId::fresh();
    assert_eq!(store.get(&scope, &absent).await.expect("gets"), None);
    assert!(
        !store
            .rename(&scope, &absent, "x")
            .await
            .expect("renames nothing")
    );
}

async fn messages_keep_their_order_and_are_appended_once(store: &dyn ConversationStore) {
    let [scope, ..] = scopes();
    let kept = conversation(1);
    store.create(&scope, &kept).await.expect("creates");
    // Times may go back, as clocks do: the order is that of appending.
    let messages = [
        message("first", 30),
        message("second", 20),
        message("third", 10),
    ];
    store
        .append(&scope, &kept.id, &messages[..2], Remember::Due)
        .await
        .expect("appends");
    store
        .append(&scope, &kept.id, &messages[1..], Remember::Due)
        .await
        .expect("appends again");
    let all = store
        .messages(&scope, &kept.id, None, 10)
        .await
        .expect("lists");
    assert_eq!(all, messages, "each once, in the order of appending");
    let last = store
        .messages(&scope, &kept.id, None, 2)
        .await
        .expect("lists");
    assert_eq!(last, messages[1..], "a limit keeps the last ones");
    let third = Some(&messages[2].id);
    let earlier = store.messages(&scope, &kept.id, third, 1).await;
    assert_eq!(earlier.expect("lists"), messages[1..2], "the last before");
    let foreign = Some(&MessageId::fresh());
    let earlier = store.messages(&scope, &kept.id, foreign, 9).await;
    assert_eq!(earlier.expect("lists"), [], "nothing is before a stranger");
    let absent = ConversationId::fresh();
    let error = store
        .append(&scope, &absent, &messages, Remember::Due)
        .await
        .expect_err("no conversation");
    assert_eq!(error.code(), Code::NotFound);
}

async fn lists_begin_with_the_last_used(store: &dyn ConversationStore) {
    let [_, scope, _] = scopes();
    let (old, new) = (conversation(100), conversation(200));
    store.create(&scope, &old).await.expect("creates");
    store.create(&scope, &new).await.expect("creates");
    store
        .append(&scope, &old.id, &[message("later", 300)], Remember::Due)
        .await
        .expect("appends");
    let listed = store.list(&scope, None, 10).await.expect("lists");
    let ids: Vec<_> = listed.iter().map(|c| c.id.clone()).collect();
    assert_eq!(
        ids,
        [old.id.clone(), new.id.clone()],
        "what was used last comes first"
    );
    assert_eq!(store.list(&scope, None, 1).await.expect("lists").len(), 1);
}

async fn pages_meet_where_times_are_equal(store: &dyn ConversationStore) {
    let [.., scope] = scopes();
    let mut expected = Vec::new();
    for time in [100, 100, 100, 200] {
        let kept = conversation(time);
        store.create(&scope, &kept).await.expect("creates");
        expected.push((time, kept.id));
    }
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let mut listed: Vec<(i64, ConversationId)> = Vec::new();
    let mut after = None;
    while let [one] = &store.list(&scope, after.as_ref(), 1).await.expect("lists")[..] {
        after = Some(ConversationCursor::after(one));
        listed.push((one.updated_at, one.id.clone()));
    }
    assert_eq!(listed, expected, "each once, whatever their times");
}

async fn other_scopes_reach_nothing(store: &dyn ConversationStore) {
    let [owner, other_user, other_tenant] = scopes();
    let kept = conversation(1);
    let said = message("private", 1);
    store.create(&owner, &kept).await.expect("creates");
    store
        .append(&owner, &kept.id, std::slice::from_ref(&said), Remember::Due)
        .await
        .expect("appends");
    for scope in [other_user, other_tenant] {
        assert_eq!(
            store.get(&scope, &kept.id).await.expect("gets"),
            None,
            "hidden from {scope:?}"
        );
        assert!(
            store
                .messages(&scope, &kept.id, None, 10)
                .await
                .expect("lists")
                .is_empty()
        );
        assert!(
            !store
                .rename(&scope, &kept.id, "taken")
                .await
                .expect("renames nothing")
        );
        assert!(
            !store
                .delete(&scope, &kept.id)
                .await
                .expect("deletes nothing")
        );
        let listed = store.list(&scope, None, 200).await.expect("lists");
        assert!(
            listed.iter().all(|c| c.id != kept.id),
            "not in the list of {scope:?}"
        );
        let error = store
            .append(&scope, &kept.id, &[message("x", 1)], Remember::Due)
            .await
            .expect_err("foreign");
        assert_eq!(error.code(), Code::NotFound);
        let ids = std::slice::from_ref(&said.id);
        store
            .mark_remembered(&scope, ids)
            .await
            .expect("marks nothing");
    }
    assert_eq!(
        store
            .messages(&owner, &kept.id, None, 10)
            .await
            .expect("lists"),
        std::slice::from_ref(&said)
    );
    let waiting = store.unremembered(u32::MAX >> 1).await.expect("lists");
    assert!(
        waiting.iter().any(|(_, _, m)| m.id == said.id),
        "a foreign mark changes nothing"
    );
}

async fn messages_are_unremembered_until_marked(store: &dyn ConversationStore) {
    let [scope, ..] = scopes();
    let kept = conversation(1);
    let said = [message("one", 1), message("two", 2)];
    store.create(&scope, &kept).await.expect("creates");
    store
        .append(&scope, &kept.id, &said, Remember::Due)
        .await
        .expect("appends");
    store
        .mark_remembered(&scope, std::slice::from_ref(&said[0].id))
        .await
        .expect("marks");
    let waiting = store.unremembered(u32::MAX >> 1).await.expect("lists");
    let here: Vec<_> = waiting
        .into_iter()
        .filter(|(_, c, _)| *c == kept.id)
        .collect();
    assert_eq!(
        here,
        [(scope, kept.id, said[1].clone())],
        "the one that is not marked"
    );
}

async fn what_is_never_to_be_remembered_does_not_wait(store: &dyn ConversationStore) {
    let [scope, ..] = scopes();
    let kept = conversation(1);
    let said = [message("between us", 1)];
    store.create(&scope, &kept).await.expect("creates");
    store
        .append(&scope, &kept.id, &said, Remember::Never)
        .await
        .expect("appends");
    let waiting = store.unremembered(u32::MAX >> 1).await.expect("lists");
    assert!(waiting.iter().all(|(_, c, _)| *c != kept.id));
}

async fn what_is_deleted_is_gone(store: &dyn ConversationStore) {
    let [scope, ..] = scopes();
    let kept = conversation(1);
    let said = message("gone", 1);
    store.create(&scope, &kept).await.expect("creates");
    store
        .append(&scope, &kept.id, std::slice::from_ref(&said), Remember::Due)
        .await
        .expect("appends");
    assert!(store.delete(&scope, &kept.id).await.expect("deletes"));
    assert!(
        !store
            .delete(&scope, &kept.id)
            .await
            .expect("deletes nothing"),
        "only once"
    );
    assert_eq!(store.get(&scope, &kept.id).await.expect("gets"), None);
    assert!(
        store
            .messages(&scope, &kept.id, None, 10)
            .await
            .expect("lists")
            .is_empty()
    );
    let waiting = store.unremembered(u32::MAX >> 1).await.expect("lists");
    assert!(
        waiting.iter().all(|(_, _, m)| m.id != said.id),
        "nor does memory get it"
    );
}

async fn erasing_leaves_the_neighbour_alone(store: &dyn ConversationStore) {
    let [scope, neighbour, _] = scopes();
    let (mine, theirs) = (conversation(1), conversation(1));
    for (scope, kept) in [(&scope, &mine), (&neighbour, &theirs)] {
        store.create(scope, kept).await.expect("creates");
        let said = [message("private", 1)];
        let appended = store.append(scope, &kept.id, &said, Remember::Due).await;
        appended.expect("appends");
    }
    let users = async || store.users(scope.tenant()).await.expect("lists");
    assert!(users().await.contains(&scope.user().to_owned()));
    let before = store.tally(&scope).await.expect("counts");
    assert!(before.conversations > 0 && before.messages > 0);
    store.erase(&scope).await.expect("erases");
    assert_eq!(store.tally(&scope).await.expect("counts"), Tally::default());
    let left = store.messages(&scope, &mine.id, None, 10).await;
    assert!(left.expect("lists").is_empty(), "nothing of it is left");
    let due = store.unremembered(u32::MAX).await.expect("lists");
    assert!(due.iter().all(|(_, id, _)| *id != mine.id));
    let kept = store.get(&neighbour, &theirs.id).await.expect("gets");
    assert_eq!(kept, Some(theirs), "the neighbour's stays");
    assert!(!users().await.contains(&scope.user().to_owned()));
}
