use super::*;
use crate::{Bell, NewApiKey, Permission, Permissions, Role, RoleChoice};

/// Whether `ended` comes to its end at once: before anything is asked a second time, however busy the
/// machine is.
async fn is_over(auth: &Auth, principal: &Principal) -> bool {
    within(Duration::from_secs(1), auth, principal).await
}

/// Whether `ended` goes on waiting.
async fn goes_on(auth: &Auth, principal: &Principal) -> bool {
    !within(Duration::from_millis(1), auth, principal).await
}

async fn within(time: Duration, auth: &Auth, principal: &Principal) -> bool {
    let ended = tokio::time::timeout(time, auth.ended(principal)).await;
    ended.is_ok()
}

#[tokio::test]
async fn it_is_over_with_the_session_the_key_the_role_and_the_account() {
    let (house, owner) = owned().await;
    let (auth, owner) = (&house.auth, house.principal(&owner).await);
    let eve = house.principal(&house.member("eve").await).await;
    let key = NewApiKey {
        name: "script".to_owned(),
        permissions: Some(Permissions::of(&[Permission::ChatUse])),
        lifetime: Some(Duration::from_secs(60)),
    };
    let (_, secret) = auth.create_api_key(&eve, key).await.expect("a key");
    let script = auth.authenticate(secret.expose()).await.expect("a key");
    for principal in [&owner, &eve, &script] {
        assert!(goes_on(auth, principal).await);
    }
    auth.log_out(&eve).await.expect("out");
    assert!(is_over(auth, &eve).await, "with the session");
    assert!(goes_on(auth, &script).await, "a key lives on");
    house.wait(Duration::from_secs(60));
    assert!(is_over(auth, &script).await, "with the key");

    let eve = house.principal(&house.log_in("eve").await).await;
    let viewer = RoleChoice::BuiltIn(Role::Viewer);
    let set = auth.set_role(&owner, eve.account(), &viewer).await;
    set.expect("a role");
    assert!(is_over(auth, &eve).await, "with the permissions");
    let eve = house.principal(&house.log_in("eve").await).await;
    auth.disable_account(&owner, eve.account())
        .await
        .expect("off");
    assert!(is_over(auth, &eve).await, "with the account");
    assert!(goes_on(auth, &Principal::local()).await);
}

#[tokio::test]
async fn what_another_instance_ends_is_noticed_without_being_told() {
    let (house, _) = owned().await;
    let eve = house.principal(&house.member("eve").await).await;
    let elsewhere = house.reopened().await;
    let (auth, waiting) = (house.auth.clone(), eve.clone());
    let waiting = tokio::spawn(async move { auth.ended(&waiting).await });
    elsewhere.log_out(&eve).await.expect("out");
    waiting.await.expect("it came to its end");
}

#[tokio::test]
async fn where_no_store_can_be_asked_it_is_over() {
    let (house, _) = owned().await;
    let eve = house.principal(&house.member("eve").await).await;
    house.database.close().await;
    assert!(is_over(&house.auth, &eve).await);
}

/// A house and another instance of it that ask the stores once an hour, and share a bell.
async fn with_bell(bell: Arc<dyn Bell>) -> (House, Auth) {
    let (database, clock) = (database().await, Arc::new(ManualClock::default()));
    let config = AuthConfig {
        recheck: Duration::from_secs(3_600),
        bell: Some(bell),
        ..config(&database, &clock)
    };
    let auth = Auth::open(config.clone()).await.expect("open");
    let elsewhere = Auth::open(config).await.expect("open");
    let house = House {
        auth,
        clock,
        database,
    };
    (house, elsewhere)
}

/// What one instance ends is over in the other, which does not ask by itself.
async fn check_bell(bell: Arc<dyn Bell>) {
    let (house, elsewhere) = with_bell(bell).await;
    let signed_in = house.member("eve").await;
    let token = signed_in.access.expose();
    let seen = elsewhere.authenticate(token).await.expect("alive");
    let mut told = elsewhere.shared.live.listen();
    house.auth.log_out(&seen).await.expect("out");
    let patience = Duration::from_secs(5);
    let told = tokio::time::timeout(patience, told.changed()).await;
    told.expect("the bell rings").expect("somebody rings it");
    let over = tokio::time::timeout(patience, elsewhere.ended(&seen)).await;
    over.expect("it is over");
    let dead = elsewhere.authenticate(token).await;
    assert_kind(dead, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn who_hears_the_bell_need_not_ask() {
    check_bell(Arc::new(crate::InProcessBell::default())).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn the_bell_is_heard_over_redis() {
    let node = std::env::var("KAREN_TEST_REDIS_URL").expect(
        "KAREN_TEST_REDIS_URL is not set: run `make test`, or `scripts/services.sh start` and `env`",
    );
    let config = crate::RedisConfig {
        namespace: format!("test_{}", crate::AccountId::random()),
        nodes: vec![node],
    };
    let bell = crate::RedisBell::new(&config).expect("an address");
    check_bell(Arc::new(bell)).await;
}
