use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::SigningSecret;
use crate::signing::{RingKey, SigningAlgorithm};

const NOW_MS: i64 = 1_767_225_600_000;
const NOW: i64 = NOW_MS / 1000;

/// One key an algorithm, made once: RSA takes a while.
static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let generated = SigningAlgorithm::ALL
        .iter()
        .filter(|a| **a != SigningAlgorithm::Hs256);
    let mut keys = vec![SigningKey::of_secret(&SigningSecret::random())];
    keys.extend(generated.map(|a| SigningKey::generate(*a).expect("a key")));
    keys
});

fn ring() -> KeyRing {
    let lasting = |key: &SigningKey| RingKey {
        key: key.clone(),
        until_ms: None,
    };
    KeyRing::new(KEYS.iter().map(lasting).collect())
}

fn tokens() -> AccessTokens {
    AccessTokens::new("karen", "karen")
}

fn bearer() -> Bearer {
    Bearer {
        tenant: TenantId::default(),
        account: AccountId::random(),
        session: SessionId::random(),
        epoch: 3,
        expires_at_ms: NOW_MS + 300_000,
    }
}

fn issued(key: &SigningKey) -> AccessToken {
    tokens().issue(key, &bearer(), NOW_MS)
}

fn is_believed(token: &str) -> bool {
    tokens().verify(&ring(), token, NOW_MS).is_ok()
}

fn claims_of(token: &AccessToken) -> Value {
    let payload = token.expose().split('.').nth(1).expect("three parts");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

/// Claims that are believed, with `change` made to them, rightly signed by `key`.
fn token_with(key: &SigningKey, header: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims_of(&issued(key));
    change(&mut claims);
    jws::sign(header, claims.to_string().as_bytes(), key)
}

#[test]
fn a_token_of_every_algorithm_names_its_bearer_until_it_expires() {
    for key in &*KEYS {
        let bearer = bearer();
        let token = tokens().issue(key, &bearer, NOW_MS);
        for at_ms in [NOW_MS, NOW_MS + 299_999] {
            let read = tokens().verify(&ring(), token.expose(), at_ms);
            let read = read.unwrap_or_else(|e| panic!("{key:?}: {e:?}"));
            assert_eq!(read.tenant, bearer.tenant);
            assert_eq!(read.account, bearer.account);
            assert_eq!(read.session, bearer.session);
            assert_eq!(read.epoch, 3);
        }
        let late = tokens().verify(&ring(), token.expose(), NOW_MS + 300_000);
        assert_eq!(
            late.err(),
            Some(Disbelief::Refused),
            "expired to the second"
        );
    }
}

#[test]
fn every_claim_is_needed_and_checked() {
    for key in &*KEYS {
        token_is(key, true, "unchanged", |_| {});
        for claim in [
            "iss", "aud", "sub", "ten", "sid", "ep", "jti", "iat", "nbf", "exp",
        ] {
            token_is(key, false, claim, |claims| {
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
            ("jti", json!("")),
            ("jti", json!("AAAA")),
            ("exp", json!(NOW)),
            ("exp", json!("tomorrow")),
            ("exp", json!(1e300)),
            ("nbf", json!(NOW + 6)),
            ("iat", json!(NOW + 6)),
            ("role", json!("owner")),
        ] {
            token_is(key, false, claim, |claims| claims[claim] = value);
        }
        token_is(key, true, "the leeway", |claims| {
            claims["nbf"] = json!(NOW + 5)
        });
    }
}

fn token_is(key: &SigningKey, believed: bool, what: &str, change: impl FnOnce(&mut Value)) {
    let token = token_with(key, &header(key), change);
    assert_eq!(is_believed(&token), believed, "{key:?} {what}");
}

#[test]
fn only_access_tokens_are_access_tokens() {
    for key in &*KEYS {
        let (alg, kid) = (key.algorithm(), key.kid());
        for (header, believed) in [
            (header(key), true),
            (format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#), false),
            (
                format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"{kid}"}}"#),
                false,
            ),
            (
                format!(r#"{{"typ":"rt+jwt","alg":"{alg}","kid":"{kid}"}}"#),
                false,
            ),
            (
                format!(r#"{{"typ":"at+jwt","alg":"none","kid":"{kid}"}}"#),
                false,
            ),
            (
                format!(r#"{{"typ":"at+jwt","alg":"HS512","kid":"{kid}"}}"#),
                false,
            ),
            (format!(r#"{{"typ":"at+jwt","alg":"{alg}"}}"#), false),
            (
                format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":""}}"#),
                false,
            ),
            (
                format!(
                    r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}","crit":["b64"],"b64":false}}"#
                ),
                false,
            ),
            (
                format!(
                    r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}","jku":"https://evil.example"}}"#
                ),
                false,
            ),
        ] {
            let token = token_with(key, &header, |_| {});
            assert_eq!(is_believed(&token), believed, "{header}");
        }
    }
}

/// The name of one key with the algorithm or the signature of another opens nothing.
#[test]
fn a_key_is_believed_for_its_own_name_and_algorithm_only() {
    for named in &*KEYS {
        for algorithm in &*KEYS {
            for signer in &*KEYS {
                let (alg, kid) = (algorithm.algorithm(), named.kid());
                let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#);
                let token = token_with(signer, &header, |_| {});
                let expect = kid == algorithm.kid() && kid == signer.kid();
                assert_eq!(is_believed(&token), expect, "{header} by {signer:?}");
            }
        }
    }
}

/// The attack on libraries that take any bytes for any key: HS256 with a public key as the secret.
#[test]
fn a_public_key_is_no_secret() {
    for key in KEYS.iter().filter(|key| key.jwk().is_some()) {
        let jwk = key.jwk().expect("public");
        let members = [&jwk.x, &jwk.n].into_iter().flatten();
        let raw = members.map(|m| URL_SAFE_NO_PAD.decode(m).expect("base64url"));
        for secret in raw.chain([serde_json::to_vec(jwk).expect("JSON")]) {
            let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#, jwk.kid);
            let claims = claims_of(&issued(key)).to_string();
            let message = [header.as_bytes(), claims.as_bytes()].map(|p| URL_SAFE_NO_PAD.encode(p));
            let message = message.join(".");
            let mac = crate::secret::mac(&secret, &[message.as_bytes()]);
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac));
            assert!(!is_believed(&token), "{key:?}");
        }
    }
}

#[test]
fn a_name_of_a_key_is_looked_up_and_nothing_else() {
    let key = &KEYS[0];
    for kid in [
        "../../etc/passwd",
        "/dev/null",
        "x' UNION SELECT 'AA' --",
        "https://evil.example/key",
        "0",
        "\\u0000",
    ] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}"}}"#);
        let token = token_with(key, &header, |_| {});
        let refused = tokens().verify(&ring(), &token, NOW_MS);
        assert_eq!(refused.err(), Some(Disbelief::UnknownKey), "{kid}");
    }
}

#[test]
fn a_key_that_has_ended_is_unknown() {
    let until_ms = Some(NOW_MS + 1_000);
    let key = KEYS[1].clone();
    let ring = KeyRing::new(vec![RingKey { key, until_ms }]);
    let token = issued(&KEYS[1]);
    assert!(tokens().verify(&ring, token.expose(), NOW_MS + 999).is_ok());
    let late = tokens().verify(&ring, token.expose(), NOW_MS + 1_000);
    assert_eq!(late.err(), Some(Disbelief::UnknownKey));
    assert_eq!(ring.jwks(NOW_MS + 1_000).keys, []);
}

#[test]
fn a_changed_token_is_refused_wherever_it_was_changed() {
    for key in &*KEYS {
        let token = issued(key);
        for i in 0..token.expose().len() {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(!is_believed(&changed), "{key:?} byte {i}");
        }
    }
}

#[test]
fn another_secret_makes_another_installation() {
    let foreign = SigningKey::of_secret(&SigningSecret::random());
    let refused = tokens().verify(&ring(), issued(&foreign).expose(), NOW_MS);
    assert_eq!(refused.err(), Some(Disbelief::UnknownKey));
}

/// What others read with an ordinary library, from the keys that are shown to them.
#[test]
fn an_independent_reader_believes_our_tokens_by_the_public_keys() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk};
    let shown = serde_json::to_string(&ring().jwks(NOW_MS)).expect("JSON");
    assert!(
        !shown.contains("\"d\"") && !shown.contains("\"k\""),
        "{shown}"
    );
    let set: jwk::JwkSet = serde_json::from_str(&shown).expect("a key set");
    assert_eq!(set.keys.len(), 3, "HS256 has no public key");
    for key in KEYS.iter().filter(|key| key.jwk().is_some()) {
        let jwk = set.find(key.kid()).expect("it is shown");
        let algorithm: Algorithm = key.algorithm().as_str().parse().expect("known");
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.set_audience(&["karen"]);
        validation.set_issuer(&["karen"]);
        let decoding = DecodingKey::from_jwk(jwk).expect("a key");
        let read = decode::<Value>(issued(key).expose(), &decoding, &validation);
        assert_eq!(read.expect("believed").claims["ten"], "default");
    }
}
