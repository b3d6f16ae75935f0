//! What every working memory owes.

use super::{fact, scopes, turn};
use crate::{Lease, Recent, Record, Scope, SessionId, WorkingMemory};

/// Runs the contract of [`WorkingMemory`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn working_memory(working: &dyn WorkingMemory) {
    holds_what_it_is_given(working).await;
    is_extended_by_what_is_added(working).await;
    knows_no_other_user(working).await;
    holds_nothing_during_a_change(working).await;
    refuses_what_was_read_before_a_change(working).await;
    lets_go_where_changes_overlap(working).await;
    lets_go_of_everything_that_was_changed(working).await;
    lets_go_of_many_sessions_and_long_ones(working).await;
}

fn session(scope: &Scope, name: &str) -> Scope {
    scope.clone().in_session(SessionId::new(name))
}

async fn recent(working: &dyn WorkingMemory, scope: &Scope) -> Recent {
    let recent = working.recent(scope).await.expect("recent");
    match recent {
        Recent::Held(mut records) => {
            records.sort_by(|a, b| a.id.cmp(&b.id));
            Recent::Held(records)
        }
        unknown => unknown,
    }
}

async fn lease(working: &dyn WorkingMemory, scope: &Scope) -> Lease {
    match recent(working, scope).await {
        Recent::Unknown(Some(lease)) => lease,
        other => panic!("nothing is known, nor changing: {other:?}"),
    }
}

async fn begin(working: &dyn WorkingMemory, scope: &Scope) -> Lease {
    working.begin(scope).await.expect("begin")
}

async fn end(working: &dyn WorkingMemory, scope: &Scope, lease: &Lease, added: &[Record]) {
    working.end(scope, Some(lease), added).await.expect("end");
}

async fn fill(working: &dyn WorkingMemory, scope: &Scope, lease: &Lease, newest: &[Record]) {
    working.fill(scope, lease, newest).await.expect("fill");
}

/// Keeps the records under a lease given for it.
async fn hold(working: &dyn WorkingMemory, scope: &Scope, records: &[Record]) {
    let lease = lease(working, scope).await;
    fill(working, scope, &lease, records).await;
    let held = recent(working, scope).await;
    assert_eq!(held, Recent::Held(records.to_vec()), "as it was given");
}

async fn holds_what_it_is_given(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let (here, there) = (session(&user, "a"), session(&user, "version"));
    let bare = turn("a", "one", -1);
    let full = Record {
        caption: Some("a dog".to_owned()),
        tags: vec!["a \"b\"\n".to_owned()],
        at: i64::MAX,
        ..turn("a", "Look: \" \\ 🦀\nand a line", 1)
    };
    let records = [bare, full];
    hold(working, &here, &records).await;
    hold(working, &there, &[]).await;
    assert_eq!(
        recent(working, &here).await,
        Recent::Held(records.to_vec()),
        "sessions are held side by side"
    );
    assert_eq!(recent(working, &user).await, Recent::Unknown(None));
}

async fn is_extended_by_what_is_added(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let (here, there) = (session(&user, "a"), session(&user, "b"));
    let (one, two, three) = (
        turn("a", "one", 1),
        turn("b", "two", 2),
        turn("a", "three", 3),
    );
    hold(working, &here, std::slice::from_ref(&one)).await;
    let lease = begin(working, &user).await;
    let added = [two, three.clone(), fact("of no session", 4)];
    end(working, &user, &lease, &added).await;
    let held = recent(working, &here).await;
    assert_eq!(held, Recent::Held(vec![one, three]), "by its own");
    let other = recent(working, &there).await;
    let is_unknown = matches!(other, Recent::Unknown(Some(_)));
    assert!(
        is_unknown,
        "what more there is of it is not known: {other:?}"
    );
}

async fn knows_no_other_user(working: &dyn WorkingMemory) {
    let [owner, neighbour, namesake] = scopes();
    let here = session(&owner, "a");
    let kept = [turn("a", "a secret", 1)];
    hold(working, &here, &kept).await;
    for other in [neighbour, namesake] {
        let theirs = session(&other, "a");
        let lease = lease(working, &theirs).await;
        fill(working, &here, &lease, &[]).await;
        let change = begin(working, &other).await;
        end(working, &other, &change, &[turn("a", "theirs", 2)]).await;
        working.end(&other, None, &[]).await.expect("end");
    }
    let held = recent(working, &here).await;
    assert_eq!(held, Recent::Held(kept.to_vec()), "it is untouched");
}

async fn holds_nothing_during_a_change(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let (here, there) = (session(&user, "a"), session(&user, "b"));
    let before = lease(working, &there).await;
    hold(working, &here, &[turn("a", "one", 1)]).await;
    let change = begin(working, &here).await;
    for scope in [&here, &there] {
        assert_eq!(recent(working, scope).await, Recent::Unknown(None));
    }
    for lease in [before, change.clone()] {
        fill(working, &there, &lease, &[turn("b", "two", 2)]).await;
        assert_eq!(recent(working, &there).await, Recent::Unknown(None));
    }
    end(working, &here, &change, &[]).await;
    lease(working, &there).await;
}

async fn refuses_what_was_read_before_a_change(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let here = session(&user, "a");
    for added in [vec![], vec![turn("a", "two", 2)]] {
        let before = lease(working, &here).await;
        let change = begin(working, &user).await;
        end(working, &user, &change, &added).await;
        fill(working, &here, &before, &[turn("a", "one", 1)]).await;
        lease(working, &here).await;
    }
}

async fn lets_go_where_changes_overlap(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let here = session(&user, "a");
    let records = [turn("a", "one", 1)];
    for is_first_over_first in [true, false] {
        hold(working, &here, &records).await;
        let first = begin(working, &user).await;
        let second = begin(working, &user).await;
        let mut order = [first, second];
        if !is_first_over_first {
            order.reverse();
        }
        for change in order {
            end(working, &user, &change, &[turn("a", "two", 2)]).await;
        }
        lease(working, &here).await;
    }
    let first = begin(working, &user).await;
    let second = begin(working, &user).await;
    end(working, &user, &second, &[turn("a", "two", 2)]).await;
    if let Recent::Unknown(Some(lease)) = recent(working, &here).await {
        fill(working, &here, &lease, &records).await;
    }
    end(working, &user, &first, &[turn("a", "three", 3)]).await;
    lease(working, &here).await;
}

async fn lets_go_of_everything_that_was_changed(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    let here = session(&user, "a");
    let added = [turn("a", "two", 2)];
    let kept = [turn("a", "one", 1)];
    for (with_lease, added) in [(true, &[][..]), (false, &[]), (false, &added)] {
        hold(working, &here, &kept).await;
        let change = begin(working, &user).await;
        let change = Some(&change).filter(|_| with_lease);
        working.end(&user, change, added).await.expect("end");
        lease(working, &here).await;
    }
}

async fn lets_go_of_many_sessions_and_long_ones(working: &dyn WorkingMemory) {
    let [user, ..] = scopes();
    for name in 0..100 {
        let scope = session(&user, &name.to_string());
        hold(working, &scope, &[turn("any", "one", 1)]).await;
    }
    let first = recent(working, &session(&user, "0")).await;
    assert!(matches!(first, Recent::Unknown(_)), "not every session");
    let here = session(&user, "long");
    hold(working, &here, &[]).await;
    let said: Vec<Record> = (0..2_000)
        .map(|at| turn("long", &"word ".repeat(40), at))
        .collect();
    let change = begin(working, &user).await;
    end(working, &user, &change, &said).await;
    lease(working, &here).await;
}
