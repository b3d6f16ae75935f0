//! Signing in by way of a provider that says what each test wants.

use serde_json::{Value, json};

use super::*;
use crate::oidc::testing::{CODE, ISSUER, Provider, client, key, unsigned};
use crate::{LogIn, OidcAnswer, OidcStart, Role};

const BACK: &str = "https://karen.example.com/back";

struct Door {
    house: House,
    provider: Arc<Provider>,
    owner: SignedIn,
}

/// An installation with its owner and a provider called `corp`.
async fn door(change: impl FnOnce(&mut crate::OidcConfig)) -> Door {
    let (database, clock) = (database().await, Arc::new(ManualClock::default()));
    let provider = Arc::new(Provider::new());
    let mut corp = client("corp");
    change(&mut corp);
    let other = crate::OidcConfig {
        issuer: "https://other.example.com".to_owned(),
        ..client("other")
    };
    let config = AuthConfig {
        oidc: vec![corp, other],
        oidc_transport: Some(Arc::clone(&provider) as Arc<dyn crate::OidcTransport>),
        ..config(&database, &clock)
    };
    let auth = Auth::open(config).await.expect("open");
    let token = auth.setup_token().await.expect("asked").expect("needed");
    let owner = auth.set_up(token.expose(), person("owner"), Device::default());
    let owner = owner.await.expect("set up");
    let now_s = clock.now_ms().div_euclid(1000);
    provider.change(|says| {
        says.claims.insert("iat".to_owned(), json!(now_s));
        says.claims.insert("exp".to_owned(), json!(now_s + 300));
    });
    let house = House {
        auth,
        clock,
        database,
    };
    Door {
        house,
        provider,
        owner,
    }
}

/// A part of the query that the provider's page was asked for with.
fn asked(start: &OidcStart, name: &str) -> String {
    let (_, query) = start.url.split_once('?').expect("a query");
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| *n == name).expect(name).1.to_owned()
}

/// What the provider sends a browser back with that it let in.
fn answer(start: &OidcStart) -> OidcAnswer {
    OidcAnswer {
        state: asked(start, "state"),
        code: Some(CODE.to_owned()),
        iss: Some(ISSUER.to_owned()),
    }
}

impl Door {
    fn claim(&self, name: &str, value: Value) {
        self.provider.change(|says| {
            says.claims.insert(name.to_owned(), value);
        });
    }

    async fn begin(&self) -> OidcStart {
        let start = self.house.auth.begin_oidc("corp", BACK).await;
        let start = start.expect("begun");
        self.claim("nonce", json!(asked(&start, "nonce")));
        start
    }

    async fn finish(&self, start: &OidcStart, answer: &OidcAnswer) -> Result<OidcDone, AuthError> {
        let (flow, device) = (start.flow.expose(), Device::default());
        let auth = &self.house.auth;
        auth.finish_oidc("corp", flow, answer, BACK, device).await
    }

    async fn sign_in(&self) -> Result<OidcDone, AuthError> {
        let start = self.begin().await;
        self.finish(&start, &answer(&start)).await
    }

    async fn signed_in(&self) -> SignedIn {
        let OidcDone::LogIn(begun) = self.sign_in().await.expect("signed in") else {
            panic!("nothing was to be linked")
        };
        match *begun {
            LogIn::SignedIn(signed_in) => signed_in,
            LogIn::CodeNeeded(_) => panic!("there is no second factor"),
        }
    }

    async fn principal(&self, signed_in: &SignedIn) -> Principal {
        let principal = self.house.auth.authenticate(signed_in.access.expose());
        principal.await.expect("a principal")
    }

    #[track_caller]
    fn refusal(done: Result<OidcDone, AuthError>) -> AuthErrorKind {
        done.expect_err("refused").kind()
    }
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_comes_back_to_it() {
    let door = door(|_| ()).await;
    let first = door.signed_in().await.account;
    assert_eq!(
        (first.email.as_str(), first.name.as_str()),
        ("eve@example.com", "Eve")
    );
    assert_eq!(first.role, Role::Member);
    assert!(first.email_verified_at_ms.is_some());
    // It is the subject that they are known by: an address may change, and change hands.
    door.claim("email", json!("other@example.com"));
    assert_eq!(door.signed_in().await.account.id, first.id);
    door.claim("sub", json!("subject-2"));
    assert_ne!(door.signed_in().await.account.id, first.id);
}

#[tokio::test]
async fn strangers_are_turned_away_unless_they_are_expected() {
    let closed = door(|corp| corp.sign_up = None).await;
    assert_eq!(Door::refusal(closed.sign_in().await), AuthErrorKind::Denied);
    let open = door(|_| ()).await;
    for (claim, value) in [
        ("email_verified", json!(false)),
        ("email", json!("eve@example.com.evil.org")),
        ("email", Value::Null),
    ] {
        let door = &open;
        door.claim("email", json!("eve@example.com"));
        door.claim("email_verified", json!(true));
        door.claim(claim, value);
        assert_eq!(
            Door::refusal(door.sign_in().await),
            AuthErrorKind::Denied,
            "{claim}"
        );
    }
}

#[tokio::test]
async fn an_account_with_the_address_is_theirs_only_once_it_is_linked() {
    let door = door(|_| ()).await;
    door.claim("email", json!("owner@example.com"));
    assert_eq!(Door::refusal(door.sign_in().await), AuthErrorKind::Conflict);
    let owner = door.principal(&door.owner).await;
    let auth = &door.house.auth;
    let start = auth
        .begin_oidc_link(&owner, "corp", BACK)
        .await
        .expect("begun");
    door.claim("nonce", json!(asked(&start, "nonce")));
    let done = door.finish(&start, &answer(&start)).await.expect("linked");
    assert!(matches!(done, OidcDone::Linked));
    assert_eq!(auth.oidc_links(&owner).await.expect("links").len(), 1);
    assert_eq!(door.signed_in().await.account.id, door.owner.account.id);
    auth.unlink_oidc(&owner, "corp").await.expect("unlinked");
    assert_eq!(Door::refusal(door.sign_in().await), AuthErrorKind::Conflict);
}

#[tokio::test]
async fn linking_takes_credentials_shown_not_long_ago() {
    let door = door(|_| ()).await;
    let owner = door.principal(&door.owner).await;
    door.house.clock.advance(Duration::from_secs(11 * 60));
    let begun = door.house.auth.begin_oidc_link(&owner, "corp", BACK).await;
    assert_eq!(
        begun.expect_err("refused").kind(),
        AuthErrorKind::LoginNotRecent
    );
}

#[tokio::test]
async fn no_wrong_token_is_believed() {
    let door = door(|_| ()).await;
    let now_s = door.house.clock.now_ms().div_euclid(1000);
    for (claim, wrong) in [
        ("aud", json!("somebody-else")),
        ("aud", json!(["karen-client", "somebody-else"])),
        ("azp", json!("somebody-else")),
        ("iss", json!("https://evil.example.com")),
        ("nonce", json!("of another sign-in")),
        ("exp", json!(now_s - 61)),
        ("iat", json!(now_s + 61)),
        ("sub", Value::Null),
    ] {
        let start = door.begin().await;
        let mut before = None;
        door.provider
            .change(|says| before = says.claims.insert(claim.to_owned(), wrong));
        let done = door.finish(&start, &answer(&start)).await;
        assert_eq!(
            Door::refusal(done),
            AuthErrorKind::Unauthenticated,
            "{claim}"
        );
        door.provider.change(|says| match before {
            Some(value) => drop(says.claims.insert(claim.to_owned(), value)),
            None => drop(says.claims.remove(claim)),
        });
    }
    door.provider.change(|says| says.key = key());
    assert_eq!(
        Door::refusal(door.sign_in().await),
        AuthErrorKind::Unauthenticated,
        "another key"
    );
    let start = door.begin().await;
    door.provider
        .change(|says| says.token = Some(unsigned(&says.claims)));
    let done = door.finish(&start, &answer(&start)).await;
    assert_eq!(
        Door::refusal(done),
        AuthErrorKind::Unauthenticated,
        "no signature"
    );
}

#[tokio::test]
async fn a_public_key_makes_no_token() {
    let door = door(|_| ()).await;
    let start = door.begin().await;
    door.provider.change(|says| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some(says.key.kid().to_owned());
        let public = serde_json::to_vec(&says.published.jwk()).expect("JSON");
        let secret = jsonwebtoken::EncodingKey::from_secret(&public);
        says.token = jsonwebtoken::encode(&header, &says.claims, &secret).ok();
    });
    let done = door.finish(&start, &answer(&start)).await;
    assert_eq!(Door::refusal(done), AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn an_answer_belongs_to_the_browser_and_the_provider_that_it_was_begun_with() {
    let door = door(|_| ()).await;
    let (mine, another) = (door.begin().await, door.begin().await);
    let changed = |change: fn(&mut OidcAnswer)| {
        let mut answer = answer(&another);
        change(&mut answer);
        answer
    };
    for (why, wrong) in [
        ("another browser's state", answer(&mine)),
        ("no state", changed(|a| a.state = String::new())),
        (
            "another provider's answer",
            changed(|a| a.iss = Some("https://evil.example.com".into())),
        ),
        ("nobody's answer", changed(|a| a.iss = None)),
        ("no code", changed(|a| a.code = None)),
    ] {
        let done = door.finish(&another, &wrong).await;
        assert_eq!(Door::refusal(done), AuthErrorKind::Unauthenticated, "{why}");
    }
    let auth = &door.house.auth;
    let (flow, device) = (another.flow.expose(), Device::default());
    let elsewhere = auth
        .finish_oidc("other", flow, &answer(&another), BACK, device)
        .await;
    assert_eq!(
        Door::refusal(elsewhere),
        AuthErrorKind::Unauthenticated,
        "the flow of another"
    );
    door.provider.change(|says| says.status = 400);
    let used = door.finish(&another, &answer(&another)).await;
    assert_eq!(
        Door::refusal(used),
        AuthErrorKind::Unauthenticated,
        "a code that is used"
    );
    door.provider.change(|says| says.status = 200);
    door.house.clock.advance(Duration::from_secs(10 * 60));
    let late = door.finish(&another, &answer(&another)).await;
    assert_eq!(
        Door::refusal(late),
        AuthErrorKind::Unauthenticated,
        "ten minutes later"
    );
}

#[tokio::test]
async fn changed_keys_are_noticed() {
    let door = door(|_| ()).await;
    door.signed_in().await;
    door.provider.change(|says| {
        says.key = key();
        says.published = says.key.clone();
    });
    door.house.clock.advance(Duration::from_secs(11));
    door.signed_in().await;
}

#[tokio::test]
async fn a_provider_opens_no_door_that_is_shut() {
    let door = door(|_| ()).await;
    let eve = door.signed_in().await.account.id;
    let owner = door.principal(&door.owner).await;
    door.house
        .auth
        .disable_account(&owner, &eve)
        .await
        .expect("disabled");
    assert_eq!(
        Door::refusal(door.sign_in().await),
        AuthErrorKind::Unauthenticated
    );
    door.house
        .auth
        .enable_account(&owner, &eve)
        .await
        .expect("enabled");
    door.signed_in().await;
}

#[tokio::test]
async fn a_provider_that_names_another_issuer_is_not_used() {
    let door = door(|_| ()).await;
    door.provider
        .change(|says| says.metadata["issuer"] = json!("https://evil.example.com"));
    let begun = door.house.auth.begin_oidc("corp", BACK).await;
    assert_eq!(
        begun.expect_err("refused").kind(),
        AuthErrorKind::Unavailable
    );
    let unknown = door.house.auth.begin_oidc("nobody", BACK).await;
    assert_eq!(
        unknown.expect_err("refused").kind(),
        AuthErrorKind::NotFound
    );
}

#[tokio::test]
async fn an_account_that_is_erased_leaves_no_link() {
    let door = door(|_| ()).await;
    let eve = door.signed_in().await.account.id;
    let owner = door.principal(&door.owner).await;
    door.house
        .auth
        .remove_member(&owner, &eve)
        .await
        .expect("removed");
    door.claim("email", json!("eve@example.com"));
    assert_ne!(door.signed_in().await.account.id, eve, "another account");
}
