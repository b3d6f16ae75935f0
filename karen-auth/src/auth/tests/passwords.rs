use super::*;
use crate::{NewImport, PasswordPolicy, Role};

/// Of `U*U*U`, by crypt_blowfish.
const BCRYPT: &str = "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a";

async fn change(house: &House, from: &str, to: &str) -> Result<(), AuthError> {
    let signed_in = house
        .auth
        .log_in("owner@example.com", from, Device::default())
        .await
        .expect("log in");
    let principal = house.principal(&signed_in).await;
    house.wait(Duration::from_secs(1));
    house.auth.change_password(&principal, from, to).await
}

async fn stored(house: &House, email: &str) -> String {
    let email = crate::Email::parse(email).expect("an address");
    let found = house
        .auth
        .shared
        .ports
        .identities
        .find_by_email(&email)
        .await;
    found.expect("asked").expect("it exists").password
}

fn import(name: &str, password_hash: &str) -> NewImport {
    NewImport {
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        password_hash: password_hash.to_owned(),
    }
}

#[tokio::test]
async fn the_last_passwords_cannot_come_back() {
    let (house, _) = owned().await;
    let nth = |i: usize| match i {
        0 => PASSWORD.to_owned(),
        i => format!("{i} other plain words"),
    };
    for i in 0..5 {
        change(&house, &nth(i), &nth(i + 1))
            .await
            .expect("a new one");
        for earlier in 0..=i + 1 {
            let back = change(&house, &nth(i + 1), &nth(earlier)).await;
            let expect = i + 1 - earlier < 5;
            assert_eq!(back.is_err(), expect, "{earlier} after {}", i + 1);
            if back.is_ok() {
                return;
            }
        }
    }
    panic!("the oldest never came back");
}

#[tokio::test]
async fn no_common_password_is_accepted() {
    let (house, _) = owned().await;
    for common in ["123456789qwerty", "baseball!!!!!!!!", "qwertyuiopasdfgh"] {
        assert_kind(
            change(&house, PASSWORD, common).await,
            AuthErrorKind::Invalid,
        );
        let new = NewAccount {
            password: common.to_owned(),
            ..person("member")
        };
        assert_kind(
            house.auth.register(new, Device::default()).await,
            AuthErrorKind::Invalid,
        );
    }
}

#[tokio::test]
async fn a_short_password_lives_beside_a_second_factor_only() {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    let short = "kx7vqpmz";
    let alone = house
        .auth
        .change_password(&principal, PASSWORD, short)
        .await;
    assert_kind(alone, AuthErrorKind::Invalid);
    // An authenticator by hand: only its recovery codes are used here.
    house
        .tamper(
            "INSERT INTO auth_totp SELECT id, X'00', 1, 1, 0 FROM auth_accounts
             WHERE email = 'owner@example.com'",
        )
        .await;
    let codes = crate::RecoveryCodes::random();
    let factors = &house.auth.shared.ports.factors;
    factors
        .put_codes(principal.account(), &codes.hashes())
        .await
        .expect("put");
    let beside = house
        .auth
        .change_password(&principal, PASSWORD, short)
        .await;
    beside.expect("long enough beside a factor");
    let code = &codes.expose()[0];
    let alone = house
        .auth
        .disable_second_factor(&principal, short, code)
        .await;
    assert_kind(alone, AuthErrorKind::Invalid);
    assert!(
        house
            .auth
            .second_factor(&principal)
            .await
            .expect("asked")
            .is_some()
    );
    house
        .auth
        .change_password(&principal, short, "another handful of words")
        .await
        .expect("longer");
    let code = &codes.expose()[1];
    let disabled = house
        .auth
        .disable_second_factor(&principal, "another handful of words", code);
    disabled.await.expect("it can stand alone");
}

#[tokio::test]
async fn an_imported_account_keeps_its_password_and_gets_a_hash_of_today() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let made = house
        .auth
        .import_account(&owner, import("legacy", BCRYPT), Role::Member)
        .await;
    assert_eq!(made.expect("import").role, Role::Member);
    let log_in = |password: &'static str| {
        house
            .auth
            .log_in("legacy@example.com", password, Device::default())
    };
    assert_kind(log_in("U*U*V").await, AuthErrorKind::Unauthenticated);
    assert_eq!(stored(&house, "legacy@example.com").await, BCRYPT);
    log_in("U*U*U").await.expect("the old password");
    let upgraded = stored(&house, "legacy@example.com").await;
    assert!(
        upgraded.starts_with("$argon2id$v=19$m=64,t=1,p=1$"),
        "{upgraded}"
    );
    log_in("U*U*U").await.expect("it is still the password");
    assert_eq!(stored(&house, "legacy@example.com").await, upgraded);
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_unhashed() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    for hash in ["", "plain", &BCRYPT.replace("$05$", "$31$")] {
        let refused = house
            .auth
            .import_account(&owner, import("legacy", hash), Role::Member)
            .await;
        assert_kind(refused, AuthErrorKind::Invalid);
    }
    let taken = house
        .auth
        .import_account(&owner, import("owner", BCRYPT), Role::Member)
        .await;
    assert_kind(taken, AuthErrorKind::Conflict);
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    let denied = house
        .auth
        .import_account(&member, import("x", BCRYPT), Role::Member)
        .await;
    assert_kind(denied, AuthErrorKind::Denied);
    let weak = AuthConfig {
        passwords: PasswordPolicy {
            chars_min: 6,
            ..PasswordPolicy::default()
        },
        ..config(&house.database, &house.clock)
    };
    assert_kind(Auth::open(weak).await, AuthErrorKind::Invalid);
}
