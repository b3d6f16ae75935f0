use super::*;
use crate::{AuditAction, Outcome};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl House {
    async fn refreshed(&self, signed_in: &SignedIn) -> SignedIn {
        self.auth
            .refresh(signed_in.refresh.expose())
            .await
            .expect("refresh")
    }
}

#[tokio::test]
async fn a_refresh_answers_with_the_next_tokens() {
    let (house, owner) = owned().await;
    house.wait(4 * MINUTE);
    let next = house.refreshed(&owner).await;
    assert_ne!(next.refresh, owner.refresh);
    assert_eq!(next.account, owner.account, "role and tenant are kept");
    house.wait(4 * MINUTE);
    let expired = house.auth.authenticate(owner.access.expose()).await;
    assert_kind(expired, AuthErrorKind::Unauthenticated);
    assert_eq!(house.principal(&next).await.account(), &owner.account.id);
}

#[tokio::test]
async fn a_lost_answer_logs_nobody_out() {
    let (house, owner) = owned().await;
    let lost = house.refreshed(&owner).await;
    house.wait(DAY);
    let again = house.refreshed(&owner).await;
    assert_eq!(
        again.refresh, lost.refresh,
        "the current token, not a further one"
    );
    house.refreshed(&again).await;
}

#[tokio::test]
async fn tabs_at_the_same_time_log_nobody_out() {
    let (house, owner) = owned().await;
    let tabs: Vec<_> = (0..16)
        .map(|_| {
            let (auth, token) = (house.auth.clone(), owner.refresh.clone());
            tokio::spawn(async move { auth.refresh(token.expose()).await })
        })
        .collect();
    let mut tokens = Vec::new();
    for tab in tabs {
        let answer = tab
            .await
            .expect("the tab did not panic")
            .expect("refreshed");
        tokens.push(answer.refresh);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all tabs hold the same token");
    let second = house
        .auth
        .refresh(tokens[0].expose())
        .await
        .expect("the next");
    house.refreshed(&second).await;
    house.refreshed(&owner).await;
}

#[tokio::test]
async fn a_token_from_before_the_last_two_ends_the_session() {
    let (house, owner) = owned().await;
    let second = house.refreshed(&owner).await;
    let third = house.refreshed(&second).await;
    house.wait(Duration::from_secs(9));
    house.refreshed(&owner).await;
    house.wait(Duration::from_secs(1));
    let stolen = house.auth.refresh(owner.refresh.expose()).await;
    assert_kind(stolen, AuthErrorKind::Unauthenticated);
    for signed_in in [&owner, &second, &third] {
        assert!(house.is_dead(signed_in).await, "both parties are out");
    }
    let log = house.log_in("owner").await;
    let log = house
        .auth
        .audit_log(&house.principal(&log).await, 0, 10)
        .await
        .expect("log");
    let reuse = log
        .iter()
        .find(|entry| entry.event.action == AuditAction::RefreshReuse);
    assert_eq!(
        reuse.expect("it is audited").event.outcome,
        Outcome::Refused
    );
}

#[tokio::test]
async fn what_was_not_issued_here_is_refused_and_harms_nobody() {
    let (house, owner) = owned().await;
    let elsewhere = AuthConfig {
        secret: SigningSecret::random(),
        ..config(&house.database, &house.clock)
    };
    let foreign = Auth::open(elsewhere).await.expect("open");
    assert_kind(
        foreign.refresh(owner.refresh.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    for token in [
        "",
        "AQ",
        owner.access.expose(),
        &"A".repeat(60),
        &"A".repeat(100_000),
    ] {
        assert_kind(
            house.auth.refresh(token).await,
            AuthErrorKind::Unauthenticated,
        );
    }
    assert_kind(
        house.auth.authenticate(owner.refresh.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    house.refreshed(&owner).await;
}

#[tokio::test]
async fn a_database_put_back_refuses_newer_tokens_and_ends_nothing() {
    let (house, owner) = owned().await;
    let next = house.refreshed(&owner).await;
    house.tamper("UPDATE auth_sessions SET counter = 0").await;
    assert_kind(
        house.auth.refresh(next.refresh.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    house.refreshed(&owner).await;
}

#[tokio::test]
async fn an_idle_session_ends() {
    let (house, owner) = owned().await;
    house.wait(30 * DAY - MINUTE);
    let next = house.refreshed(&owner).await;
    house.wait(30 * DAY);
    assert_kind(
        house.auth.refresh(next.refresh.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    assert!(house.is_dead(&next).await);
}

#[tokio::test]
async fn no_session_outlives_its_absolute_lifetime() {
    let (house, owner) = owned().await;
    let mut current = owner;
    for _ in 0..6 {
        house.wait(15 * DAY - Duration::from_secs(20));
        current = house.refreshed(&current).await;
    }
    assert_eq!(
        current.expires_in,
        Duration::from_secs(120),
        "access ends with the session"
    );
    house.principal(&current).await;
    house.wait(Duration::from_secs(120));
    assert!(house.is_dead(&current).await);
}
