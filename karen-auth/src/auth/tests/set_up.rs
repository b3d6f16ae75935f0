use super::*;
use crate::{AuditAction, Role};

#[tokio::test]
async fn the_first_account_owns_the_default_tenant() {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    assert_eq!(principal.role(), Role::Owner);
    assert_eq!(principal.tenant().as_str(), "default");
    assert_eq!(principal.account(), &owner.account.id);
    assert!(!house.auth.setup_needed().await.expect("asked"));
    assert_eq!(house.auth.setup_token().await.expect("asked"), None);
}

#[tokio::test]
async fn a_setup_token_is_good_once() {
    let house = bare().await;
    let token = house
        .auth
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    let weak = NewAccount {
        password: "short".to_owned(),
        ..person("owner")
    };
    let refused = house
        .auth
        .set_up(token.expose(), weak, Device::default())
        .await;
    assert_kind(refused, AuthErrorKind::Invalid);
    for wrong in [
        "",
        "karen_setup_",
        "karen_setup_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let refused = house
            .auth
            .set_up(wrong, person("owner"), Device::default())
            .await;
        assert_kind(refused, AuthErrorKind::Unauthenticated);
    }
    house
        .auth
        .set_up(token.expose(), person("owner"), Device::default())
        .await
        .expect("first");
    let again = house
        .auth
        .set_up(token.expose(), person("other"), Device::default())
        .await;
    assert_kind(again, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn each_open_draws_a_new_setup_token_until_there_is_an_account() {
    let house = bare().await;
    let first = house
        .auth
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    let reopened = house.reopened().await;
    let second = reopened
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    assert_ne!(first, second);
    let void = house
        .auth
        .set_up(first.expose(), person("owner"), Device::default())
        .await;
    assert_kind(void, AuthErrorKind::Unauthenticated);
    reopened
        .set_up(second.expose(), person("owner"), Device::default())
        .await
        .expect("set up");
    let later = house.reopened().await;
    assert_eq!(later.setup_token().await.expect("asked"), None);
}

#[tokio::test]
async fn setting_up_is_audited() {
    let (house, owner) = owned().await;
    let log = house
        .auth
        .audit_log(&house.principal(&owner).await, 0, 10)
        .await
        .expect("log");
    let actions: Vec<_> = log.iter().map(|entry| entry.event.action).collect();
    assert_eq!(actions, [AuditAction::SetUp]);
    assert_eq!(log[0].event.actor.as_ref(), Some(&owner.account.id));
}
