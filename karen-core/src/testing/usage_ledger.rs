//! The suite of [`UsageLedger`].

use super::scopes;
use crate::id::TurnId;
use crate::usage::{Usage, UsageLedger, UsageTotal};

/// Checks the contract that [`UsageLedger`] states, on an empty ledger.
///
/// # Panics
/// With what is not as promised.
pub async fn usage_ledger(ledger: &dyn UsageLedger) {
    let [scope, other_user, other_tenant] = scopes();
    let usage = |at, tokens| Usage {
        turn: TurnId::fresh(),
        at,
        model: Some("m".to_owned()),
        prompt_tokens: tokens,
        completion_tokens: 1,
    };
    assert_eq!(
        ledger.total(&scope, 0).await.expect("sums"),
        UsageTotal::default()
    );
    let (early, late) = (usage(100, 10), usage(200, 20));
    ledger.record(&scope, &early).await.expect("records");
    ledger.record(&scope, &late).await.expect("records");
    let total = |turns, tokens| UsageTotal { turns, tokens };
    assert_eq!(ledger.total(&scope, 0).await.expect("sums"), total(2, 32));
    assert_eq!(
        ledger.total(&scope, 200).await.expect("sums"),
        total(1, 21),
        "from a time on"
    );
    ledger
        .record(
            &scope,
            &Usage {
                prompt_tokens: 30,
                ..late
            },
        )
        .await
        .expect("records again");
    assert_eq!(
        ledger.total(&scope, 0).await.expect("sums"),
        total(2, 42),
        "a turn counts once"
    );
    let of_tenant = ledger
        .tenant_total(scope.tenant(), 200)
        .await
        .expect("sums");
    assert_eq!(of_tenant, total(1, 31), "from a time on");
    ledger
        .record(&other_user, &usage(300, 4))
        .await
        .expect("records");
    let of_tenant = ledger.tenant_total(scope.tenant(), 0).await.expect("sums");
    assert_eq!(of_tenant, total(3, 47), "of both users");
    ledger.erase(&other_user).await.expect("erases");
    let elsewhere = ledger.tenant_total(other_tenant.tenant(), 0).await;
    assert_eq!(elsewhere.expect("sums"), UsageTotal::default());
    for other in [other_user, other_tenant] {
        let sum = ledger.total(&other, 0).await.expect("sums");
        assert_eq!(sum, UsageTotal::default(), "{other:?} used nothing");
    }
    erasing_leaves_the_neighbour_alone(ledger).await;
}

async fn erasing_leaves_the_neighbour_alone(ledger: &dyn UsageLedger) {
    let [scope, neighbour, _] = scopes();
    for user in [&scope, &neighbour] {
        let usage = Usage {
            turn: TurnId::fresh(),
            at: 1,
            model: None,
            prompt_tokens: 1,
            completion_tokens: 1,
        };
        ledger.record(user, &usage).await.expect("records");
    }
    let users = async || ledger.users(scope.tenant()).await.expect("lists");
    assert!(users().await.contains(&scope.user().to_owned()));
    ledger.erase(&scope).await.expect("erases");
    let left = ledger.total(&scope, 0).await.expect("sums");
    assert_eq!(left, UsageTotal::default(), "nothing of it is left");
    assert_eq!(users().await, [neighbour.user()], "the neighbour's stays");
}
