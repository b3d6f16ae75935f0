use super::*;
use crate::{ApiKeyId, AuditAction, NewApiKey, Permission, Permissions, UseLimits};

fn key(permissions: Option<&[Permission]>, lifetime: Option<Duration>) -> NewApiKey {
    NewApiKey {
        name: "script".to_owned(),
        permissions: permissions.map(Permissions::of),
        lifetime,
    }
}

#[tokio::test]
async fn a_key_speaks_for_its_owner_within_its_permissions() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let narrow = key(Some(&[Permission::ModelsUse]), None);
    let (made, secret) = house
        .auth
        .create_api_key(&owner, narrow)
        .await
        .expect("key");
    assert!(secret.expose().starts_with(&made.prefix));
    let principal = house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("authenticate");
    assert_eq!(principal.account(), owner.account());
    assert_eq!(principal.api_key(), Some(&made.id));
    assert_eq!(principal.session(), None);
    principal.require(Permission::ModelsUse).expect("granted");
    assert_kind(
        principal.require(Permission::ChatUse),
        AuthErrorKind::Denied,
    );
    let another = house.auth.create_api_key(&principal, key(None, None)).await;
    assert_kind(another, AuthErrorKind::Denied);
}

#[tokio::test]
async fn a_key_gets_no_more_than_its_maker_has() {
    let (house, _) = owned().await;
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    let greedy = key(Some(&[Permission::ChatUse, Permission::UsersWrite]), None);
    assert_kind(
        house.auth.create_api_key(&member, greedy).await,
        AuthErrorKind::Denied,
    );
    let nameless = NewApiKey {
        name: " ".to_owned(),
        ..key(None, None)
    };
    assert_kind(
        house.auth.create_api_key(&member, nameless).await,
        AuthErrorKind::Invalid,
    );
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_the_next_request() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    let (made, secret) = house
        .auth
        .create_api_key(&owner, key(None, None))
        .await
        .expect("key");
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("alive");
    let foreign = house.auth.revoke_api_key(&member, &made.id).await;
    assert_kind(foreign, AuthErrorKind::NotFound);
    house
        .auth
        .revoke_api_key(&owner, &made.id)
        .await
        .expect("revoke");
    let dead = house.auth.authenticate(secret.expose()).await;
    assert_kind(dead, AuthErrorKind::Unauthenticated);
    let absent = house.auth.revoke_api_key(&owner, &ApiKeyId::random()).await;
    assert_kind(absent, AuthErrorKind::NotFound);
}

#[tokio::test]
async fn a_key_ends_with_its_lifetime_and_its_use_is_known_to_the_minute() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let hour = Duration::from_secs(3600);
    let new = key(None, Some(hour));
    let (made, secret) = house.auth.create_api_key(&owner, new).await.expect("key");
    let last_use = || async {
        let keys = house.auth.api_keys(&owner).await.expect("list");
        keys[0].last_used_at_ms.map(|at| at - made.created_at_ms)
    };
    assert_eq!(last_use().await, None);
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("alive");
    assert_eq!(last_use().await, Some(0));
    house.wait(Duration::from_secs(59));
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("alive");
    assert_eq!(last_use().await, Some(0), "no write a request");
    house.wait(Duration::from_secs(10));
    house
        .auth
        .authenticate(secret.expose())
        .await
        .expect("alive");
    assert_eq!(last_use().await, Some(69_000));
    house.wait(hour - Duration::from_secs(69));
    let expired = house.auth.authenticate(secret.expose()).await;
    assert_kind(expired, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn what_only_looks_like_a_key_is_refused() {
    let (house, _) = owned().await;
    for text in [
        "karen_sk_",
        "karen_sk_x",
        "karen_sk_' OR 1=1 --",
        "sk-live-1",
        "",
    ] {
        let refused = house.auth.authenticate(text).await;
        assert_kind(refused, AuthErrorKind::Unauthenticated);
    }
}

#[tokio::test]
async fn its_owner_limits_a_key_and_the_key_itself_does_not() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let auth = &house.auth;
    let made = auth.create_api_key(&owner, key(None, None)).await;
    let (made, secret) = made.expect("key");
    let limits = UseLimits {
        tokens_per_day: 1_000,
        ..UseLimits::default()
    };
    auth.limit_api_key(&owner, &made.id, limits)
        .await
        .expect("set");
    let (_, of_key) = auth
        .use_limits(owner.tenant(), Some(&made.id))
        .await
        .expect("limits");
    assert_eq!(of_key, limits);
    assert_eq!(auth.api_keys(&owner).await.expect("keys")[0].limits, limits);
    let by_key = auth.authenticate(secret.expose()).await.expect("alive");
    let raised = auth.limit_api_key(&by_key, &made.id, UseLimits::default());
    assert_kind(raised.await, AuthErrorKind::Denied);
    let absent = ApiKeyId::random();
    let absent = auth.limit_api_key(&owner, &absent, limits).await;
    assert_kind(absent, AuthErrorKind::NotFound);
    let endless = UseLimits {
        cost_micros_per_day: u64::MAX,
        ..limits
    };
    let endless = auth.limit_api_key(&owner, &made.id, endless);
    assert_kind(endless.await, AuthErrorKind::Invalid);
    let log = auth.audit_log(&owner, 0, 100).await.expect("log");
    assert!(
        log.iter()
            .any(|e| e.event.action == AuditAction::ApiKeyLimited)
    );
}
