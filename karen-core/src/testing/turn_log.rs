//! The suite of [`TurnLog`].

use super::scopes;
use crate::Code;
use crate::id::{ConversationId, MessageId, TurnId};
use crate::turn::{NumberedEvent, Turn, TurnEvent, TurnLog, TurnState};

/// Checks the contract that [`TurnLog`] states, on an empty log.
///
/// # Panics
/// With what is not as promised.
pub async fn turn_log(log: &dyn TurnLog) {
    a_turn_is_found_and_runs_until_it_is_finished(log).await;
    events_are_kept_in_order_and_once(log).await;
    other_scopes_reach_nothing(log).await;
    erasing_leaves_the_neighbour_alone(log).await;
}

fn turn() -> Turn {
    Turn {
        id: TurnId::fresh(),
        conversation: ConversationId::fresh(),
        message: MessageId::fresh(),
        answer: MessageId::fresh(),
        prompt: "What is said".to_owned(),
        remember: true,
        state: TurnState::Running,
        created_at: 7,
        instance: "somewhere".to_owned(),
    }
}

fn delta(number: u64, text: &str) -> NumberedEvent {
    NumberedEvent {
        number,
        event: TurnEvent::Delta {
            text: text.to_owned(),
        },
    }
}

async fn a_turn_is_found_and_runs_until_it_is_finished(log: &dyn TurnLog) {
    let [scope, ..] = scopes();
    let begun = turn();
    log.begin(&scope, &begun).await.expect("begins");
    assert_eq!(
        log.get(&scope, &begun.id).await.expect("gets"),
        Some(begun.clone())
    );
    let running = log.running().await.expect("lists");
    assert!(running.contains(&(scope.clone(), begun.clone())), "it runs");
    log.finish(&scope, &begun.id, &[delta(1, "end")])
        .await
        .expect("finishes");
    let finished = log
        .get(&scope, &begun.id)
        .await
        .expect("gets")
        .expect("is there");
    assert_eq!(finished.state, TurnState::Finished);
    let running = log.running().await.expect("lists");
    assert!(
        running.iter().all(|(_, turn)| turn.id != begun.id),
        "it runs no more"
    );
    assert_eq!(
        log.events(&scope, &begun.id, 0, 10).await.expect("lists"),
        [delta(1, "end")]
    );
    assert_eq!(log.get(&scope, &TurnId::fresh()).await.expect("gets"), None);
}

async fn events_are_kept_in_order_and_once(log: &dyn TurnLog) {
    let [scope, ..] = scopes();
    let begun = turn();
    log.begin(&scope, &begun).await.expect("begins");
    let id = &begun.id;
    log.append(&scope, id, &[delta(1, "a"), delta(2, "b")])
        .await
        .expect("appends");
    log.append(&scope, id, &[delta(2, "changed"), delta(3, "c")])
        .await
        .expect("appends");
    log.append(&scope, id, &[delta(1, "again"), delta(2, "again")])
        .await
        .expect("appends nothing");
    let expect = [delta(1, "a"), delta(2, "b"), delta(3, "c")];
    assert_eq!(log.events(&scope, id, 0, 10).await.expect("lists"), expect);
    assert_eq!(
        log.events(&scope, id, 1, 10).await.expect("lists"),
        expect[1..]
    );
    assert_eq!(
        log.events(&scope, id, 1, 1).await.expect("lists"),
        expect[1..2]
    );
    let error = log
        .append(&scope, &TurnId::fresh(), &expect)
        .await
        .expect_err("no turn");
    assert_eq!(error.code(), Code::NotFound);
}

async fn other_scopes_reach_nothing(log: &dyn TurnLog) {
    let [owner, other_user, other_tenant] = scopes();
    let begun = turn();
    log.begin(&owner, &begun).await.expect("begins");
    log.append(&owner, &begun.id, &[delta(1, "private")])
        .await
        .expect("appends");
    for scope in [other_user, other_tenant] {
        assert_eq!(
            log.get(&scope, &begun.id).await.expect("gets"),
            None,
            "hidden from {scope:?}"
        );
        assert!(
            log.events(&scope, &begun.id, 0, 10)
                .await
                .expect("lists")
                .is_empty()
        );
        let error = log
            .append(&scope, &begun.id, &[delta(2, "x")])
            .await
            .expect_err("foreign");
        assert_eq!(error.code(), Code::NotFound);
        let error = log
            .finish(&scope, &begun.id, &[])
            .await
            .expect_err("foreign");
        assert_eq!(error.code(), Code::NotFound);
    }
    assert_eq!(
        log.events(&owner, &begun.id, 0, 10).await.expect("lists"),
        [delta(1, "private")]
    );
}

async fn erasing_leaves_the_neighbour_alone(log: &dyn TurnLog) {
    let [scope, neighbour, _] = scopes();
    let (mine, theirs) = (turn(), turn());
    for (scope, turn) in [(&scope, &mine), (&neighbour, &theirs)] {
        log.begin(scope, turn).await.expect("begins");
        let said = [delta(1, "private")];
        log.append(scope, &turn.id, &said).await.expect("appends");
    }
    assert!(log.count(&scope).await.expect("counts") > 0);
    log.erase(&scope).await.expect("erases");
    assert_eq!(log.count(&scope).await.expect("counts"), 0);
    let events = log.events(&scope, &mine.id, 0, 10).await.expect("lists");
    assert!(events.is_empty(), "nothing of it is left");
    let kept = log.get(&neighbour, &theirs.id).await.expect("gets");
    assert_eq!(kept, Some(theirs), "the neighbour's stays");
}
