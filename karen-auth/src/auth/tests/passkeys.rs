use super::*;
use crate::testing::SoftAuthenticator;
use crate::{
    AuditAction, LogIn, LogInChallenge, NewPasskey, Outcome, PasskeyAssertion, PasskeyRequest, Role,
};

const ORIGIN: &str = "https://karen.example.com";
const PRESENT: u8 = 1;

/// An installation that people reach by a name, and its owner's passkey.
struct Door {
    house: House,
    owner: Principal,
    made: NewPasskey,
    device: SoftAuthenticator,
}

/// As [`owned`], where browsers make passkeys.
async fn reachable() -> (House, Principal) {
    let (mut house, owner) = owned().await;
    let config = AuthConfig {
        public_url: ORIGIN.to_owned(),
        ..config(&house.database, &house.clock)
    };
    house.auth = Auth::open(config).await.expect("open");
    let owner = house.principal(&owner).await;
    (house, owner)
}

async fn door() -> Door {
    let (house, owner) = reachable().await;
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    let made = make(&house, &owner, &mut device).await.expect("made");
    Door {
        house,
        owner,
        made,
        device,
    }
}

async fn make(
    house: &House,
    principal: &Principal,
    device: &mut SoftAuthenticator,
) -> Result<NewPasskey, AuthError> {
    let options = house.auth.begin_passkey(principal).await?;
    let answer = device.create(&options);
    let made = house.auth.finish_passkey(principal, "laptop", &answer);
    made.await
}

impl Door {
    async fn request(&self) -> PasskeyRequest {
        let begun = self.house.auth.begin_passkey_log_in(None).await;
        begun.expect("begun")
    }

    async fn answer(&mut self) -> PasskeyAssertion {
        let request = self.request().await;
        self.device.get(&request)
    }

    async fn finish(&self, answer: &PasskeyAssertion) -> Result<SignedIn, AuthError> {
        let auth = &self.house.auth;
        auth.finish_passkey_log_in(answer, Device::default()).await
    }

    async fn log_in(&mut self) -> Result<SignedIn, AuthError> {
        let answer = self.answer().await;
        self.finish(&answer).await
    }

    async fn challenge(&self) -> LogInChallenge {
        let email = "owner@example.com";
        let begun = self
            .house
            .auth
            .begin_log_in(email, PASSWORD, Device::default())
            .await;
        match begun.expect("the password is right") {
            LogIn::CodeNeeded(challenge) => challenge,
            LogIn::SignedIn(_) => panic!("the password alone was enough"),
        }
    }

    /// What the audit log tells, the last first.
    async fn told(&self) -> Vec<(AuditAction, Outcome)> {
        let log = self.house.auth.audit_log(&self.owner, 0, 200).await;
        let told = log.expect("told").into_iter().rev();
        told.map(|e| (e.event.action, e.event.outcome)).collect()
    }
}

#[tokio::test]
async fn a_passkey_signs_in_by_itself_without_a_name() {
    let mut door = door().await;
    let request = door.request().await;
    assert_eq!(request.relying_party_id, "karen.example.com");
    assert!(request.allow.is_empty(), "nobody has said who it is");
    let signed_in = door.log_in().await.expect("signed in");
    assert_eq!(&signed_in.account.id, door.owner.account());
    door.house.principal(&signed_in).await;
    let told = door.told().await;
    assert_eq!(told[0], (AuditAction::LogIn, Outcome::Allowed));
    let kept = door.house.auth.passkeys(&door.owner).await.expect("list");
    assert_eq!(kept[0].used_at_ms, Some(door.house.auth.now_ms()));
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let mut door = door().await;
    let answer = door.answer().await;
    door.finish(&answer).await.expect("signed in");
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_answer_that_comes_late_is_refused() {
    let mut door = door().await;
    let answer = door.answer().await;
    door.house.wait(Duration::from_secs(5 * 60));
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    door.log_in().await.expect("a fresh one is good");
}

#[tokio::test]
async fn a_challenge_is_for_what_it_was_given_out_for() {
    let mut door = door().await;
    let proof = door.house.auth.begin_passkey_proof(&door.owner).await;
    let answer = door.device.get(&proof.expect("begun"));
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    let mut own = door.request().await;
    own.challenge = "Y2hhbGxlbmdlIG9mIG15IG93bg".to_owned();
    let answer = door.device.get(&own);
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    let answer = door.answer().await;
    let auth = &door.house.auth;
    let proved = auth.reauthenticate_with_passkey(&door.owner, &answer).await;
    assert_kind(proved, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn whoever_comes_with_a_passkey_alone_was_verified_by_it() {
    let mut door = door().await;
    door.device.flags = PRESENT;
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    let told = door.told().await;
    assert_eq!(told[0], (AuditAction::LogIn, Outcome::Refused));
}

#[tokio::test]
async fn another_site_and_an_unknown_passkey_are_refused() {
    let mut door = door().await;
    door.device.origin = "https://karen.example.com.evil.org".to_owned();
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    door.device.origin = ORIGIN.to_owned();
    let mut stranger = SoftAuthenticator::new(ORIGIN, -7);
    stranger.user_handle = door.device.user_handle.clone();
    let answer = stranger.get(&door.request().await);
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    // Somebody who has seen the passkey's id, and has a key of their own.
    stranger.credential = door.device.credential.clone();
    stranger.counter = 100;
    let answer = stranger.get(&door.request().await);
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    door.log_in().await.expect("the counter was not believed");
}

#[tokio::test]
async fn the_device_says_whose_passkey_it_is() {
    let mut door = door().await;
    let eve = door.house.principal(&door.house.member("eve").await).await;
    let own = door.device.user_handle.take();
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    door.device.user_handle = Some(eve.account().as_str().as_bytes().to_vec());
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    door.device.user_handle = own;
    door.log_in().await.expect("its owner");
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_told() {
    let mut door = door().await;
    for _ in 0..3 {
        door.log_in().await.expect("it counts up");
    }
    door.device.counter = 1;
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    let told = door.told().await;
    assert_eq!(told[0], (AuditAction::LogIn, Outcome::Refused));
    assert_eq!(told[1], (AuditAction::PasskeyCopied, Outcome::Refused));
    door.device.counter = 4;
    door.log_in().await.expect("the one that counted on");
}

#[tokio::test]
async fn a_device_that_does_not_count_is_believed() {
    let (house, owner) = reachable().await;
    let mut device = SoftAuthenticator::new(ORIGIN, -8);
    device.counter = 0;
    let made = make(&house, &owner, &mut device).await.expect("made");
    let mut door = Door {
        house,
        owner,
        made,
        device,
    };
    for _ in 0..2 {
        door.log_in().await.expect("signed in");
    }
}

#[tokio::test]
async fn who_may_not_come_in_does_not_with_a_passkey() {
    let mut door = door().await;
    let member = door.house.principal(&door.house.member("eve").await).await;
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    make(&door.house, &member, &mut device).await.expect("made");
    let auth = door.house.auth.clone();
    auth.disable_account(&door.owner, member.account())
        .await
        .expect("disabled");
    let answer = device.get(&door.request().await);
    assert_kind(door.finish(&answer).await, AuthErrorKind::Unauthenticated);
    door.log_in().await.expect("another's");
}

#[tokio::test]
async fn with_a_passkey_the_password_alone_is_not_enough() {
    let mut door = door().await;
    let challenge = door.challenge().await;
    let auth = door.house.auth.clone();
    let request = auth.begin_passkey_step(challenge.expose()).await;
    let request = request.expect("it has one");
    assert_eq!(request.allow[0].credential, door.device.credential);
    // Somebody was there, whoever: who it is was shown by the password.
    door.device.flags = PRESENT;
    let answer = door.device.get(&request);
    let signed_in = auth.finish_passkey_step(challenge.expose(), &answer).await;
    signed_in.expect("signed in");
    let again = auth.finish_passkey_step(challenge.expose(), &answer).await;
    assert_kind(again, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn the_second_step_takes_a_passkey_of_that_account_and_that_login() {
    let mut door = door().await;
    let eve = door.house.principal(&door.house.member("eve").await).await;
    let mut hers = SoftAuthenticator::new(ORIGIN, -7);
    make(&door.house, &eve, &mut hers).await.expect("made");
    let (challenge, other) = (door.challenge().await, door.challenge().await);
    let auth = door.house.auth.clone();
    let request = auth.begin_passkey_step(challenge.expose()).await;
    let request = request.expect("begun");
    let refused = auth
        .finish_passkey_step(challenge.expose(), &hers.get(&request))
        .await;
    assert_kind(refused, AuthErrorKind::Unauthenticated);
    let answer = door.device.get(&request);
    let refused = auth.finish_passkey_step(other.expose(), &answer).await;
    assert_kind(refused, AuthErrorKind::Unauthenticated);
    let told = door.told().await;
    assert_eq!(told[..2], [(AuditAction::LogIn, Outcome::Refused); 2]);
    auth.finish_passkey_step(challenge.expose(), &answer)
        .await
        .expect("the right one");
}

#[tokio::test]
async fn five_wrong_passkeys_end_the_login() {
    let mut door = door().await;
    let challenge = door.challenge().await;
    let auth = door.house.auth.clone();
    let request = auth.begin_passkey_step(challenge.expose()).await;
    let request = request.expect("begun");
    let mut wrong = SoftAuthenticator::new(ORIGIN, -7);
    for _ in 0..5 {
        let answer = wrong.get(&request);
        let refused = auth.finish_passkey_step(challenge.expose(), &answer);
        assert_kind(refused.await, AuthErrorKind::Unauthenticated);
    }
    let answer = door.device.get(&request);
    let late = auth.finish_passkey_step(challenge.expose(), &answer).await;
    assert_kind(late, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_lost_passkey_is_replaced_by_a_recovery_code() {
    let door = door().await;
    let codes = door.made.recovery_codes.as_ref().expect("the first");
    let challenge = door.challenge().await;
    let code = codes.expose()[0].clone();
    let signed_in = door.house.auth.finish_log_in(challenge.expose(), &code);
    signed_in.await.expect("signed in");
    let factor = door.house.auth.second_factor(&door.owner).await;
    let factor = factor.expect("asked").expect("it has one");
    assert_eq!(
        (
            factor.has_authenticator,
            factor.passkeys,
            factor.recovery_codes
        ),
        (false, 1, 9)
    );
}

#[tokio::test]
async fn a_passkey_is_as_good_as_password_and_code_before_what_is_dangerous() {
    let mut door = door().await;
    let auth = door.house.auth.clone();
    door.house.wait(Duration::from_secs(10 * 60));
    let signed_in = door.log_in().await.expect("signed in");
    door.house.wait(Duration::from_secs(10 * 60));
    let owner = auth.refresh(signed_in.refresh.expose()).await;
    let owner = door.house.principal(&owner.expect("refreshed")).await;
    assert_kind(
        auth.require_recent(&owner).await,
        AuthErrorKind::LoginNotRecent,
    );
    door.device.flags = PRESENT;
    for verified in [false, true] {
        door.device.flags |= u8::from(verified) << 2;
        let request = auth.begin_passkey_proof(&owner).await.expect("begun");
        let answer = door.device.get(&request);
        let proved = auth.reauthenticate_with_passkey(&owner, &answer).await;
        assert_eq!(proved.is_ok(), verified);
    }
    auth.require_recent(&owner).await.expect("shown again");
}

#[tokio::test]
async fn making_one_takes_a_recent_login_and_a_challenge_of_ones_own() {
    let door = door().await;
    let eve = door.house.principal(&door.house.member("eve").await).await;
    let auth = &door.house.auth;
    let options = auth.begin_passkey(&eve).await.expect("begun");
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    let answer = device.create(&options);
    let other = auth.finish_passkey(&door.owner, "theirs", &answer).await;
    assert_kind(other, AuthErrorKind::Unauthenticated);
    let used = auth.finish_passkey(&eve, "mine", &answer).await;
    assert_kind(used, AuthErrorKind::Unauthenticated);
    let known = door.device.credential.clone();
    device.credential = known;
    let taken = make(&door.house, &eve, &mut device).await;
    assert_kind(taken, AuthErrorKind::Conflict);
    door.house.wait(Duration::from_secs(10 * 60));
    let late = auth.begin_passkey(&eve).await;
    assert_kind(late, AuthErrorKind::LoginNotRecent);
}

#[tokio::test]
async fn the_first_passkey_ends_sessions_that_took_one_step() {
    let (house, owner) = reachable().await;
    let before = house.log_in("owner").await;
    let mut device = SoftAuthenticator::new(ORIGIN, -257);
    make(&house, &owner, &mut device).await.expect("made");
    assert!(house.is_dead(&before).await);
    let mut second = SoftAuthenticator::new(ORIGIN, -8);
    let made = make(&house, &owner, &mut second).await.expect("made");
    assert!(made.recovery_codes.is_none(), "those of the first are good");
}

#[tokio::test]
async fn there_are_twenty_at_most() {
    let (house, owner) = reachable().await;
    for _ in 0..20 {
        let mut device = SoftAuthenticator::new(ORIGIN, -8);
        make(&house, &owner, &mut device).await.expect("made");
    }
    let mut device = SoftAuthenticator::new(ORIGIN, -8);
    let more = make(&house, &owner, &mut device).await;
    assert_kind(more, AuthErrorKind::Conflict);
}

#[tokio::test]
async fn an_owner_names_and_removes_their_own() {
    let mut door = door().await;
    let eve = door.house.principal(&door.house.member("eve").await).await;
    let (auth, id) = (door.house.auth.clone(), door.made.passkey.id.clone());
    for refused in [
        auth.rename_passkey(&eve, &id, "mine").await,
        auth.delete_passkey(&eve, &id).await,
    ] {
        assert_kind(refused, AuthErrorKind::NotFound);
    }
    assert_kind(
        auth.rename_passkey(&door.owner, &id, " ").await,
        AuthErrorKind::Invalid,
    );
    let renamed = auth.rename_passkey(&door.owner, &id, " Ada's phone ").await;
    renamed.expect("renamed");
    let kept = auth.passkeys(&door.owner).await.expect("list");
    assert_eq!(kept[0].name, "Ada's phone");
    let thief = door.log_in().await.expect("signed in");
    auth.delete_passkey(&door.owner, &id)
        .await
        .expect("deleted");
    assert!(door.house.is_dead(&thief).await, "what it opened ends");
    assert_kind(door.log_in().await, AuthErrorKind::Unauthenticated);
    assert_eq!(auth.second_factor(&door.owner).await.expect("asked"), None);
    door.house.log_in("owner").await;
}

#[tokio::test]
async fn an_api_key_has_no_passkeys() {
    let door = door().await;
    let key = crate::NewApiKey {
        name: "script".to_owned(),
        permissions: None,
        lifetime: None,
    };
    let auth = &door.house.auth;
    let (_, secret) = auth.create_api_key(&door.owner, key).await.expect("a key");
    let program = auth.authenticate(secret.expose()).await.expect("a key");
    let id = &door.made.passkey.id;
    for refused in [
        auth.begin_passkey(&program).await.map(drop),
        auth.begin_passkey_proof(&program).await.map(drop),
        auth.rename_passkey(&program, id, "mine").await,
        auth.delete_passkey(&program, id).await,
    ] {
        assert_kind(refused, AuthErrorKind::Denied);
    }
}

#[tokio::test]
async fn where_browsers_make_no_passkeys_it_says_why() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    for refused in [
        house.auth.begin_passkey(&owner).await.map(drop),
        house.auth.begin_passkey_log_in(None).await.map(drop),
    ] {
        let refused = refused.expect_err("the address is a number");
        assert_eq!(refused.kind(), AuthErrorKind::Invalid);
        assert!(refused.to_string().contains("public address"), "{refused}");
    }
}

#[tokio::test]
async fn beginning_is_counted_by_address() {
    let door = door().await;
    let address = Some(std::net::IpAddr::from([192, 0, 2, 7]));
    let mut begun = 0;
    while door.house.auth.begin_passkey_log_in(address).await.is_ok() {
        begun += 1;
        assert!(begun <= 60, "it never ends");
    }
    assert_eq!(begun, 60);
}

#[tokio::test]
async fn a_passkey_goes_along_with_its_owner() {
    let (house, owner) = reachable().await;
    let eve = house.principal(&house.member("eve").await).await;
    assert_eq!(owner.role(), Role::Owner);
    let mut device = SoftAuthenticator::new(ORIGIN, -7);
    let made = make(&house, &eve, &mut device).await.expect("made");
    let (tenant, account) = (eve.tenant().clone(), eve.account().clone());
    let data = house.auth.personal_data(&eve, &tenant, &account).await;
    assert_eq!(data.expect("own").passkeys, [made.passkey]);
    let local = Principal::local();
    let auth = &house.auth;
    auth.shut_out(&local, &tenant, &account).await.expect("out");
    let gone = auth.finish_erasure(&local, &tenant, &account).await;
    gone.expect("erased");
    let left = house.auth.personal_data(&local, &tenant, &account).await;
    assert_eq!(left.expect("asked").passkeys, []);
}
