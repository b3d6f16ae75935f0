use super::*;
use crate::SessionId;

#[tokio::test]
async fn logging_out_ends_both_tokens_at_once() {
    let (house, owner) = owned().await;
    let elsewhere = house.log_in("owner").await;
    let principal = house.principal(&owner).await;
    house.principal(&elsewhere).await;
    house.auth.log_out(&principal).await.expect("log out");
    assert!(house.is_dead(&owner).await);
    house.principal(&elsewhere).await;
    house
        .auth
        .refresh(elsewhere.refresh.expose())
        .await
        .expect("the other device stays");
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_device_of_one_account() {
    let (house, owner) = owned().await;
    let member = house.member("member").await;
    let elsewhere = house.log_in("owner").await;
    for signed_in in [&owner, &elsewhere, &member] {
        house.principal(signed_in).await;
    }
    let principal = house.principal(&owner).await;
    house
        .auth
        .log_out_everywhere(&principal)
        .await
        .expect("log out");
    assert!(house.is_dead(&owner).await);
    assert!(house.is_dead(&elsewhere).await);
    house.principal(&member).await;
    house.log_in("owner").await;
}

#[tokio::test]
async fn another_instance_notices_within_the_recheck() {
    let (house, owner) = owned().await;
    let other = house.reopened().await;
    other
        .authenticate(owner.access.expose())
        .await
        .expect("alive");
    house
        .auth
        .log_out(&house.principal(&owner).await)
        .await
        .expect("log out");
    house.wait(Duration::from_secs(2));
    let late = other.authenticate(owner.access.expose()).await;
    assert_kind(late, AuthErrorKind::Unauthenticated);
    assert_kind(
        other.refresh(owner.refresh.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
}

#[tokio::test]
async fn the_common_case_asks_no_store() {
    let (house, owner) = owned().await;
    house.principal(&owner).await;
    house.database.close().await;
    house.principal(&owner).await;
}

#[tokio::test]
async fn one_lists_and_ends_ones_own_sessions_only() {
    let (house, owner) = owned().await;
    let device = Device {
        name: Some("Firefox\r\n on Linux".to_owned()),
        address: Some("192.0.2.7".parse().expect("an address")),
        known: None,
    };
    house.wait(Duration::from_secs(1));
    let elsewhere = house
        .auth
        .log_in("owner@example.com", PASSWORD, device)
        .await
        .expect("in");
    let member = house.member("member").await;
    let principal = house.principal(&owner).await;
    let sessions = house.auth.sessions(&principal).await.expect("list");
    assert_eq!(
        sessions.iter().map(|s| s.is_current).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(sessions[0].device.name.as_deref(), Some("Firefox on Linux"));
    let member = house.principal(&member).await;
    for foreign in [member.session().expect("a session"), &SessionId::random()] {
        let refused = house.auth.revoke_session(&principal, foreign).await;
        assert_kind(refused, AuthErrorKind::NotFound);
    }
    house
        .auth
        .revoke_session(&principal, &sessions[0].id)
        .await
        .expect("revoke");
    assert!(house.is_dead(&elsewhere).await);
    house.principal(&owner).await;
}

#[tokio::test]
async fn the_local_user_has_no_session_and_no_account() {
    let (house, _) = owned().await;
    let local = Principal::local();
    assert_eq!(house.auth.sessions(&local).await.expect("list"), []);
    assert_kind(house.auth.log_out(&local).await, AuthErrorKind::Denied);
    assert_kind(
        house.auth.own_account(&local).await,
        AuthErrorKind::NotFound,
    );
    let change = house.auth.change_password(&local, PASSWORD, PASSWORD).await;
    assert_kind(change, AuthErrorKind::Denied);
}

#[tokio::test]
async fn a_session_whose_token_is_given_up_is_over() {
    let (house, owner) = owned().await;
    let auth = &house.auth;
    for none in ["", "made up", owner.access.expose()] {
        assert!(!auth.give_up(none).await.expect("asked"), "{none}");
    }
    assert!(
        auth.give_up(owner.refresh.expose())
            .await
            .expect("given up")
    );
    assert!(house.is_dead(&owner).await);
    assert!(!auth.give_up(owner.refresh.expose()).await.expect("asked"));
}
