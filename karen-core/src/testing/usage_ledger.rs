//! The suite of [`UsageLedger`].

use super::scopes;
use crate::id::TurnId;
use crate::usage::{Usage, UsageLedger, UsageTotal};

/// Checks the contract that [`UsageLedger`] states, on an empty ledger.
///
/// # Panics
/// With what is not as promised.
pub async fn usage_ledger(ledger: &dyn UsageLedger) {
    sums_up_what_was_added(ledger).await;
    keeps_to_its_scope(ledger).await;
    erasing_leaves_the_neighbour_alone(ledger).await;
}

/// A use of so many tokens that were read, and one that was written.
fn usage(at: i64, prompt_tokens: u64) -> Usage {
    Usage {
        model: Some("m".to_owned()),
        prompt_tokens,
        completion_tokens: 1,
        cost_micros: 7,
        ..Usage::none(TurnId::fresh(), at, Some("key"))
    }
}

async fn sums_up_what_was_added(ledger: &dyn UsageLedger) {
    let [scope, ..] = scopes();
    let total = async |since| {
        let total = ledger.total(&scope, since).await.expect("sums");
        (total.turns, total.tokens, total.cost_micros)
    };
    assert_eq!(total(0).await, (0, 0, 0));
    let (early, late) = (usage(100, 10), usage(200, 20));
    assert!(!ledger.has(&scope, &late.turn).await.expect("looks"));
    ledger.add(&scope, &early).await.expect("adds");
    ledger.add(&scope, &late).await.expect("adds");
    assert!(ledger.has(&scope, &late.turn).await.expect("looks"));
    assert_eq!(total(0).await, (2, 32, 14));
    assert_eq!(total(200).await, (1, 21, 7), "from a time on");
    let more = Usage {
        at: 300,
        key: None,
        ..late.clone()
    };
    ledger.add(&scope, &more).await.expect("adds again");
    assert_eq!(total(0).await, (2, 53, 21), "a turn counts once");
    assert_eq!(total(201).await, (0, 0, 0), "at the time that it came with");
    let none = Usage::none(late.turn, 400, None);
    ledger.add(&scope, &none).await.expect("adds nothing");
    assert_eq!(total(0).await, (2, 53, 21));
    let of_key = ledger.key_total(scope.tenant(), "key", 200).await;
    assert_eq!(
        of_key.expect("sums").tokens,
        42,
        "with the key that it came with"
    );
    ledger.erase(&scope).await.expect("erases");
}

async fn keeps_to_its_scope(ledger: &dyn UsageLedger) {
    let [scope, other_user, other_tenant] = scopes();
    ledger.add(&scope, &usage(200, 20)).await.expect("adds");
    let keyless = Usage {
        key: None,
        ..usage(300, 4)
    };
    ledger.add(&other_user, &keyless).await.expect("adds");
    let of_tenant = async |tenant: &str, since| {
        let total = ledger.tenant_total(tenant, since).await.expect("sums");
        (total.turns, total.tokens, total.cost_micros)
    };
    assert_eq!(of_tenant(scope.tenant(), 0).await, (2, 26, 14), "of both");
    assert_eq!(of_tenant(scope.tenant(), 201).await, (1, 5, 7));
    assert_eq!(of_tenant(other_tenant.tenant(), 0).await, (0, 0, 0));
    let of_key = async |tenant, key| {
        let total = ledger.key_total(tenant, key, 0).await.expect("sums");
        total.tokens
    };
    assert_eq!(of_key(scope.tenant(), "key").await, 21);
    assert_eq!(of_key(scope.tenant(), "another").await, 0);
    assert_eq!(of_key(other_tenant.tenant(), "key").await, 0);
    ledger.erase(&other_user).await.expect("erases");
    for other in [other_user, other_tenant] {
        let sum = ledger.total(&other, 0).await.expect("sums");
        assert_eq!(sum, UsageTotal::default(), "{other:?} used nothing");
    }
    ledger.erase(&scope).await.expect("erases");
}

async fn erasing_leaves_the_neighbour_alone(ledger: &dyn UsageLedger) {
    let [scope, neighbour, _] = scopes();
    for user in [&scope, &neighbour] {
        ledger.add(user, &usage(1, 1)).await.expect("adds");
    }
    let users = async || ledger.users(scope.tenant()).await.expect("lists");
    assert!(users().await.contains(&scope.user().to_owned()));
    ledger.erase(&scope).await.expect("erases");
    let left = ledger.total(&scope, 0).await.expect("sums");
    assert_eq!(left, UsageTotal::default(), "nothing of it is left");
    assert_eq!(users().await, [neighbour.user()], "the neighbour's stays");
}
