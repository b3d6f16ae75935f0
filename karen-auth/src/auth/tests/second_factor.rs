use super::*;
use crate::totp::TotpSeed;
use crate::{AuditAction, LogIn, LogInChallenge, Outcome, RecoveryCodes};

const STEP: Duration = Duration::from_secs(30);

/// The owner's session, authenticator and recovery codes.
struct Guarded {
    house: House,
    owner: SignedIn,
    seed: TotpSeed,
    codes: RecoveryCodes,
}

/// What an authenticator does with the address that it was shown.
fn seed_of(uri: &str) -> TotpSeed {
    let secret = uri.split("secret=").nth(1).expect("a secret");
    let secret = secret.split('&').next().expect("a value");
    let mut bits = String::new();
    for c in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("base32");
        bits.push_str(&format!("{value:05b}"));
    }
    let byte = |i: usize| u8::from_str_radix(&bits[i * 8..i * 8 + 8], 2).expect("bits");
    TotpSeed::stored(&(0..20).map(byte).collect::<Vec<u8>>()).expect("20 bytes")
}

async fn guarded() -> Guarded {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    let enrolment = house.auth.begin_totp(&principal).await.expect("begin");
    let seed = seed_of(enrolment.uri());
    let code = seed.code_at(house.auth.now_ms());
    let codes = house
        .auth
        .confirm_totp(&principal, &code)
        .await
        .expect("confirm");
    house.wait(2 * STEP);
    Guarded {
        house,
        owner,
        seed,
        codes,
    }
}

impl Guarded {
    fn code(&self) -> String {
        self.seed.code_at(self.house.auth.now_ms())
    }

    async fn challenge(&self) -> LogInChallenge {
        challenge(&self.house.auth, "owner").await
    }

    async fn finish(&self, code: &str) -> Result<SignedIn, AuthError> {
        let challenge = self.challenge().await;
        self.house
            .auth
            .finish_log_in(challenge.expose(), code)
            .await
    }
}

async fn challenge(auth: &Auth, name: &str) -> LogInChallenge {
    let email = format!("{name}@example.com");
    match auth.begin_log_in(&email, PASSWORD, Device::default()).await {
        Ok(LogIn::CodeNeeded(challenge)) => challenge,
        other => panic!("no challenge: {other:?}"),
    }
}

#[tokio::test]
async fn a_login_takes_the_password_and_a_code() {
    let guarded = guarded().await;
    let house = &guarded.house;
    let password_alone = house
        .auth
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(password_alone, AuthErrorKind::Denied);
    let signed_in = guarded.finish(&guarded.code()).await.expect("a login");
    let principal = house.principal(&signed_in).await;
    let factor = house.auth.second_factor(&principal).await.expect("asked");
    assert_eq!(factor.expect("it is in use").recovery_codes, 10);
    let wrong = house
        .auth
        .begin_log_in("owner@example.com", "wrong", Device::default())
        .await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_authenticator_that_was_not_confirmed_protects_nothing() {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    house.auth.begin_totp(&principal).await.expect("begin");
    let wrong = house.auth.confirm_totp(&principal, "000000").await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    assert_eq!(
        house.auth.second_factor(&principal).await.expect("asked"),
        None
    );
    house.log_in("owner").await;
    assert_kind(
        house.auth.confirm_totp(&principal, "").await,
        AuthErrorKind::Unauthenticated,
    );
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    assert_kind(
        house.auth.confirm_totp(&member, "000000").await,
        AuthErrorKind::NotFound,
    );
}

#[tokio::test]
async fn a_code_is_good_once_and_not_after_a_later_one() {
    let guarded = guarded().await;
    let (now, house) = (guarded.code(), &guarded.house);
    let before = guarded.seed.code_at(house.auth.now_ms() - 30_000);
    guarded.finish(&now).await.expect("the first use");
    assert_kind(guarded.finish(&now).await, AuthErrorKind::Unauthenticated);
    assert_kind(
        guarded.finish(&before).await,
        AuthErrorKind::Unauthenticated,
    );
    house.wait(STEP);
    guarded
        .finish(&guarded.code())
        .await
        .expect("the next code");
}

#[tokio::test]
async fn codes_of_the_neighbouring_steps_count_and_no_others() {
    for (offset_ms, expect) in [
        (-60_000, false),
        (-30_000, true),
        (30_000, true),
        (60_000, false),
    ] {
        let guarded = guarded().await;
        let code = guarded
            .seed
            .code_at(guarded.house.auth.now_ms() + offset_ms);
        assert_eq!(guarded.finish(&code).await.is_ok(), expect, "{offset_ms}");
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let guarded = guarded().await;
    let [first, second] = [0, 1].map(|i| guarded.codes.expose()[i].to_uppercase());
    let signed_in = guarded.finish(&first).await.expect("the first use");
    assert_kind(guarded.finish(&first).await, AuthErrorKind::Unauthenticated);
    let principal = guarded.house.principal(&signed_in).await;
    let auth = &guarded.house.auth;
    let renewed = auth.renew_recovery_codes(&principal).await.expect("renew");
    assert_kind(
        guarded.finish(&second).await,
        AuthErrorKind::Unauthenticated,
    );
    guarded
        .finish(&renewed.expose()[0])
        .await
        .expect("a new one");
    let left = auth.second_factor(&principal).await.expect("asked");
    assert_eq!(left.expect("in use").recovery_codes, 9);
}

#[tokio::test]
async fn a_challenge_ends_after_five_wrong_codes_and_after_one_right_one() {
    let guarded = guarded().await;
    let (auth, code) = (&guarded.house.auth, guarded.code());
    let tried = guarded.challenge().await;
    for _ in 0..5 {
        let wrong = auth.finish_log_in(tried.expose(), "000000").await;
        assert_kind(wrong, AuthErrorKind::Unauthenticated);
    }
    assert_kind(
        auth.finish_log_in(tried.expose(), &code).await,
        AuthErrorKind::Unauthenticated,
    );
    let used = guarded.challenge().await;
    auth.finish_log_in(used.expose(), &code)
        .await
        .expect("a fresh challenge");
    let recovery = &guarded.codes.expose()[0];
    assert_kind(
        auth.finish_log_in(used.expose(), recovery).await,
        AuthErrorKind::Unauthenticated,
    );
}

#[tokio::test]
async fn a_challenge_ends_with_time_and_with_what_ends_sessions() {
    let guarded = guarded().await;
    let (house, recovery) = (&guarded.house, guarded.codes.expose());
    let old = guarded.challenge().await;
    house.wait(Duration::from_secs(300));
    let late = house.auth.finish_log_in(old.expose(), &recovery[0]).await;
    assert_kind(late, AuthErrorKind::Unauthenticated);
    for code in ["", "karen_login_", "karen_setup_AAAA"] {
        let unknown = house.auth.finish_log_in(code, &recovery[0]).await;
        assert_kind(unknown, AuthErrorKind::Unauthenticated);
    }
    let begun = guarded.challenge().await;
    let owner = house
        .auth
        .refresh(guarded.owner.refresh.expose())
        .await
        .expect("refresh");
    let principal = house.principal(&owner).await;
    house
        .auth
        .log_out_everywhere(&principal)
        .await
        .expect("everywhere");
    let ended = house.auth.finish_log_in(begun.expose(), &recovery[0]).await;
    assert_kind(ended, AuthErrorKind::Unauthenticated);
    let begun = guarded.challenge().await;
    let signed_in = guarded.finish(&recovery[1]).await.expect("log in");
    let principal = house.principal(&signed_in).await;
    let new = "another handful of words";
    house
        .auth
        .change_password(&principal, PASSWORD, new)
        .await
        .expect("change");
    let ended = house.auth.finish_log_in(begun.expose(), &recovery[0]).await;
    assert_kind(ended, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_a_recovery_code_still_opens() {
    let guarded = guarded().await;
    for _ in 0..10 {
        assert_kind(
            guarded.finish("000000").await,
            AuthErrorKind::Unauthenticated,
        );
    }
    let code = guarded.code();
    let slowed = guarded.finish(&code).await.expect_err("too many");
    assert_eq!(slowed.kind(), AuthErrorKind::RateLimited);
    guarded
        .finish(&guarded.codes.expose()[0])
        .await
        .expect("not to be guessed");
    guarded.house.wait(slowed.retry_after().expect("a time"));
    guarded
        .finish(&guarded.code())
        .await
        .expect("after the wait");
}

#[tokio::test]
async fn disabling_takes_the_password_and_a_code_and_ends_other_sessions() {
    let guarded = guarded().await;
    let house = &guarded.house;
    let here = guarded
        .finish(&guarded.codes.expose()[0])
        .await
        .expect("log in");
    let principal = house.principal(&here).await;
    let (auth, code) = (&house.auth, guarded.code());
    let wrong = auth.disable_second_factor(&principal, "wrong", &code).await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    let wrong = auth
        .disable_second_factor(&principal, PASSWORD, "000000")
        .await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    auth.disable_second_factor(&principal, PASSWORD, &code)
        .await
        .expect("disable");
    assert!(house.is_dead(&guarded.owner).await, "the other session");
    house.principal(&here).await;
    house.log_in("owner").await;
    let again = auth
        .disable_second_factor(&principal, PASSWORD, &code)
        .await;
    assert_kind(again, AuthErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_dangerous_takes_credentials_shown_not_long_ago() {
    let guarded = guarded().await;
    let house = &guarded.house;
    let signed_in = guarded.finish(&guarded.code()).await.expect("log in");
    house.wait(Duration::from_secs(600));
    let signed_in = house
        .auth
        .refresh(signed_in.refresh.expose())
        .await
        .expect("refresh");
    let principal = house.principal(&signed_in).await;
    let auth = &house.auth;
    assert_kind(
        auth.require_recent(&principal).await,
        AuthErrorKind::LoginNotRecent,
    );
    assert_kind(
        auth.renew_recovery_codes(&principal).await,
        AuthErrorKind::LoginNotRecent,
    );
    assert_kind(
        auth.begin_totp(&principal).await,
        AuthErrorKind::LoginNotRecent,
    );
    let code = guarded.code();
    for (password, code) in [
        ("wrong", Some(code.as_str())),
        (PASSWORD, None),
        (PASSWORD, Some("1")),
    ] {
        let refused = auth.reauthenticate(&principal, password, code).await;
        assert_kind(refused, AuthErrorKind::Unauthenticated);
    }
    assert_kind(
        auth.require_recent(&principal).await,
        AuthErrorKind::LoginNotRecent,
    );
    auth.reauthenticate(&principal, PASSWORD, Some(&code))
        .await
        .expect("shown again");
    auth.require_recent(&principal).await.expect("recent");
    auth.renew_recovery_codes(&principal).await.expect("renew");
    assert_kind(auth.begin_totp(&principal).await, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn a_seed_is_stored_encrypted_and_survives_a_new_secret() {
    let guarded = guarded().await;
    let house = &guarded.house;
    let account = &guarded.owner.account.id;
    let stored = house
        .auth
        .shared
        .ports
        .factors
        .totp(account)
        .await
        .expect("asked");
    let sealed = stored.expect("it is kept").sealed;
    let seed = guarded.seed.expose();
    assert!(
        !sealed.windows(seed.len()).any(|part| part == seed),
        "it is readable"
    );
    let new = SigningSecret::random();
    let rotated = AuthConfig {
        secret: new.clone(),
        earlier_secrets: vec![SigningSecret::new(SECRET).expect("strong")],
        ..config(&house.database, &house.clock)
    };
    Auth::open(rotated)
        .await
        .expect("open")
        .tend()
        .await
        .expect("tend");
    let alone = AuthConfig {
        secret: new,
        ..config(&house.database, &house.clock)
    };
    let alone = Auth::open(alone).await.expect("open");
    let begun = challenge(&alone, "owner").await;
    alone
        .finish_log_in(begun.expose(), &guarded.code())
        .await
        .expect("the seed opens");
    let begun = guarded.challenge().await;
    let lost = house
        .auth
        .finish_log_in(begun.expose(), &guarded.code())
        .await;
    assert_kind(lost, AuthErrorKind::Corrupt);
}

#[tokio::test]
async fn what_happens_to_a_second_factor_is_audited() {
    let guarded = guarded().await;
    assert_kind(
        guarded.finish("000000").await,
        AuthErrorKind::Unauthenticated,
    );
    let signed_in = guarded.finish(&guarded.code()).await.expect("log in");
    let principal = guarded.house.principal(&signed_in).await;
    let log = guarded
        .house
        .auth
        .audit_log(&principal, 1, 10)
        .await
        .expect("log");
    let seen: Vec<_> = log
        .iter()
        .map(|e| (e.event.action, e.event.outcome))
        .collect();
    assert_eq!(
        seen,
        [
            (AuditAction::SecondFactorAdded, Outcome::Allowed),
            (AuditAction::LogIn, Outcome::Refused),
            (AuditAction::LogIn, Outcome::Allowed),
        ]
    );
}
