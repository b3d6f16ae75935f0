use super::*;
use crate::KnownDevice;

#[tokio::test]
async fn a_password_opens_a_session() {
    let (house, owner) = owned().await;
    let signed_in = house.log_in("OWNER").await;
    let principal = house.principal(&signed_in).await;
    assert_eq!(principal.account(), &owner.account.id);
    assert!(principal.session().is_some());
    assert_eq!(signed_in.expires_in, Duration::from_secs(300));
}

#[tokio::test]
async fn wrong_unknown_and_disabled_get_one_answer() {
    let (house, owner) = owned().await;
    let member = house.member("member").await;
    let owner = house.principal(&owner).await;
    house
        .auth
        .disable_account(&owner, &member.account.id)
        .await
        .expect("disable");
    let mut answers = Vec::new();
    for (email, password) in [
        ("owner@example.com", "not the owner's password"),
        ("nobody@example.com", PASSWORD),
        ("member@example.com", PASSWORD),
        ("not an email", PASSWORD),
        ("owner@example.com", ""),
    ] {
        let refused = house.auth.log_in(email, password, Device::default()).await;
        let refused = refused.expect_err(email);
        assert_eq!(refused.kind(), AuthErrorKind::Unauthenticated, "{email}");
        answers.push(refused.to_string());
    }
    answers.dedup();
    assert_eq!(
        answers,
        ["cannot log in: the email or the password is wrong"]
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_gets_in_after_the_wait() {
    let (house, _) = owned().await;
    let guess = || {
        house
            .auth
            .log_in("owner@example.com", "a wrong guess", Device::default())
    };
    for _ in 0..5 {
        assert_kind(guess().await, AuthErrorKind::Unauthenticated);
    }
    let slowed = guess().await.expect_err("the sixth");
    assert_eq!(slowed.kind(), AuthErrorKind::RateLimited);
    let unknown = || {
        house
            .auth
            .log_in("nobody@example.com", "a wrong guess", Device::default())
    };
    for _ in 0..5 {
        assert_kind(unknown().await, AuthErrorKind::Unauthenticated);
    }
    assert_kind(unknown().await, AuthErrorKind::RateLimited);
    house.wait(slowed.retry_after().expect("a time"));
    house.log_in("owner").await;
    for _ in 0..5 {
        assert_kind(guess().await, AuthErrorKind::Unauthenticated);
    }
}

#[tokio::test]
async fn a_cheaper_hash_is_replaced_at_login() {
    let (house, owner) = owned().await;
    let stored = || async {
        let identities = &house.auth.shared.ports.identities;
        let found = identities.find_by_email(&owner.account.email).await;
        found.expect("asked").expect("it exists").password
    };
    let before = stored().await;
    house.log_in("owner").await;
    assert_eq!(stored().await, before, "the cost is the same");
    let dearer = AuthConfig {
        hashing: HashingConfig {
            memory_kib: 128,
            ..HashingConfig::default()
        },
        ..config(&house.database, &house.clock)
    };
    let auth = Auth::open(dearer).await.expect("open");
    auth.log_in("owner@example.com", PASSWORD, Device::default())
        .await
        .expect("log in");
    assert!(stored().await.starts_with("$argon2id$v=19$m=128,t=2,p=1$"));
    house.log_in("owner").await;
    assert!(stored().await.contains("m=128"), "a dearer hash is kept");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let (house, owner) = owned().await;
    let here = house.log_in("owner").await;
    let principal = house.principal(&here).await;
    house.principal(&owner).await;
    let new = "another handful of words";
    let wrong = house
        .auth
        .change_password(&principal, "not my password", new)
        .await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    let weak = house
        .auth
        .change_password(&principal, PASSWORD, "too short")
        .await;
    assert_kind(weak, AuthErrorKind::Invalid);
    house.principal(&owner).await;
    house
        .auth
        .change_password(&principal, PASSWORD, new)
        .await
        .expect("change");
    assert!(house.is_dead(&owner).await, "the other session");
    house.principal(&here).await;
    house
        .auth
        .refresh(here.refresh.expose())
        .await
        .expect("this session lives on");
    let old = house
        .auth
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(old, AuthErrorKind::Unauthenticated);
    house
        .auth
        .log_in("owner@example.com", new, Device::default())
        .await
        .expect("the new one");
}

#[tokio::test]
async fn passwords_are_compared_as_every_keyboard_spells_them() {
    let house = bare().await;
    let token = house
        .auth
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    let account = NewAccount {
        password: "caf\u{e9} au lait et croissant".to_owned(),
        ..person("owner")
    };
    house
        .auth
        .set_up(token.expose(), account, Device::default())
        .await
        .expect("set up");
    let typed = "cafe\u{301} au lait et croissant";
    house
        .auth
        .log_in("owner@example.com", typed, Device::default())
        .await
        .expect("the same");
}

#[tokio::test]
async fn closed_registration_makes_no_account() {
    let (house, _) = owned().await;
    let closed = AuthConfig {
        registration: Registration::Closed,
        ..config(&house.database, &house.clock)
    };
    let auth = Auth::open(closed).await.expect("open");
    assert_kind(
        auth.register(person("member"), Device::default()).await,
        AuthErrorKind::Denied,
    );
    house.member("member").await;
    let taken = house
        .auth
        .register(person("member"), Device::default())
        .await;
    assert_kind(taken, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn where_sessions_cannot_be_asked_the_door_stays_shut() {
    let (house, owner) = owned().await;
    house.principal(&owner).await;
    house.wait(Duration::from_secs(3));
    house.database.close().await;
    let refused = house.auth.authenticate(owner.access.expose()).await;
    assert_kind(refused, AuthErrorKind::Unavailable);
    let login = house
        .auth
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(login, AuthErrorKind::Unavailable);
}

#[tokio::test]
async fn whoever_guesses_elsewhere_keeps_a_known_device_waiting_nowhere() {
    let (house, owner) = owned().await;
    let device = owner.device.as_ref().expect("it logged in");
    let try_with = async |shown: Option<&str>, password: &str| {
        let device = Device {
            known: shown.map(KnownDevice::new),
            ..Device::default()
        };
        let tried = house.auth.log_in("owner@example.com", password, device);
        tried.await.map(drop).map_err(|error| error.kind())
    };
    let (wrong, slow) = (AuthErrorKind::Unauthenticated, AuthErrorKind::RateLimited);
    while try_with(None, "a guess at the password").await != Err(slow) {}
    assert_eq!(try_with(None, PASSWORD).await, Err(slow));
    assert_eq!(try_with(Some("made up"), PASSWORD).await, Err(slow));
    let foreign = house.member("eve").await.device.expect("it logged in");
    assert_eq!(try_with(Some(foreign.expose()), PASSWORD).await, Err(slow));
    assert_eq!(
        try_with(Some(device.expose()), "a wrong one of my own").await,
        Err(wrong)
    );
    try_with(Some(device.expose()), PASSWORD)
        .await
        .expect("the owner");
    while try_with(Some(device.expose()), "a guess at the password").await != Err(slow) {}
    let refreshed = house.auth.refresh(owner.refresh.expose()).await;
    assert!(refreshed.expect("refreshed").device.is_none());
}
