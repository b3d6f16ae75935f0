use serde_json::{Value, json};

use super::*;

const NOW_MS: i64 = 1_767_225_600_000;
const NOW: i64 = NOW_MS / 1000;

fn key() -> AccessKey {
    let secret = SigningSecret::new("9f2c41d7a06b8e35f1c49a7d20be6358").expect("strong");
    AccessKey::new(&secret, "karen", "karen")
}

fn bearer() -> Bearer {
    Bearer {
        tenant: TenantId::default(),
        account: AccountId::random(),
        session: SessionId::random(),
        epoch: 3,
    }
}

/// Claims that are believed, with `change` made to them, rightly signed.
fn token_with(header: &str, change: impl FnOnce(&mut Value)) -> String {
    let key = key();
    let token = key.issue(&bearer(), NOW_MS, NOW_MS + 300_000);
    let payload = token.expose().split('.').nth(1).expect("three parts");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&payload).expect("JSON");
    change(&mut claims);
    jws::sign(header, claims.to_string().as_bytes(), &key.signing)
}

#[test]
fn a_token_names_its_bearer_until_it_expires() {
    let (key, bearer) = (key(), bearer());
    let token = key.issue(&bearer, NOW_MS, NOW_MS + 300_000);
    for at_ms in [NOW_MS, NOW_MS + 299_999] {
        let read = key.verify(token.expose(), at_ms).expect("in force");
        assert_eq!(read.tenant, bearer.tenant);
        assert_eq!(read.account, bearer.account);
        assert_eq!(read.session, bearer.session);
        assert_eq!(read.epoch, 3);
    }
    assert!(
        key.verify(token.expose(), NOW_MS + 300_000).is_none(),
        "expired to the second"
    );
}

#[test]
fn every_claim_is_needed_and_checked() {
    token_is(true, "unchanged", |_| {});
    for claim in [
        "iss", "aud", "sub", "ten", "sid", "ep", "jti", "iat", "nbf", "exp",
    ] {
        token_is(false, claim, |claims| {
            claims.as_object_mut().expect("an object").remove(claim);
        });
    }
    for (claim, value) in [
        ("iss", json!("somebody")),
        ("aud", json!("somebody")),
        ("aud", json!(["karen", "somebody"])),
        ("sub", json!("root")),
        ("ten", json!("../default")),
        ("sid", json!("ses_1")),
        ("ep", json!("3")),
        ("exp", json!(NOW)),
        ("exp", json!("tomorrow")),
        ("exp", json!(1e300)),
        ("nbf", json!(NOW + 6)),
        ("iat", json!(NOW + 6)),
        ("role", json!("owner")),
    ] {
        token_is(false, claim, |claims| claims[claim] = value);
    }
    token_is(true, "the leeway", |claims| claims["nbf"] = json!(NOW + 5));
}

fn token_is(believed: bool, what: &str, change: impl FnOnce(&mut Value)) {
    let token = token_with(HEADER, change);
    assert_eq!(key().verify(&token, NOW_MS).is_some(), believed, "{what}");
}

#[test]
fn only_access_tokens_are_access_tokens() {
    for (header, believed) in [
        (HEADER, true),
        (r#"{"alg":"HS256"}"#, false),
        (r#"{"typ":"JWT","alg":"HS256"}"#, false),
        (r#"{"typ":"rt+jwt","alg":"HS256"}"#, false),
        (r#"{"typ":"at+jwt","alg":"none"}"#, false),
        (
            r#"{"typ":"at+jwt","alg":"HS256","crit":["b64"],"b64":false}"#,
            false,
        ),
    ] {
        let token = token_with(header, |_| {});
        assert_eq!(key().verify(&token, NOW_MS).is_some(), believed, "{header}");
    }
}

#[test]
fn a_changed_token_is_refused_wherever_it_was_changed() {
    let token = key().issue(&bearer(), NOW_MS, NOW_MS + 300_000);
    for i in 0..token.expose().len() {
        let mut bytes = token.expose().as_bytes().to_vec();
        bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        assert!(key().verify(&changed, NOW_MS).is_none(), "byte {i}");
    }
}

#[test]
fn another_secret_makes_another_installation() {
    let foreign = AccessKey::new(&SigningSecret::random(), "karen", "karen");
    let token = foreign.issue(&bearer(), NOW_MS, NOW_MS + 300_000);
    assert!(key().verify(token.expose(), NOW_MS).is_none());
}
