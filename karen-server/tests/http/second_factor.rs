//! Logging in with a second factor.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};

use crate::harness::{EMAIL, PASSWORD, Reply, Site, text};

const STEP_S: u64 = 30;
const FACTOR: &str = "/api/v1/me/second-factor";

/// RFC 4648 section 6, as an authenticator reads it.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u64, 0, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => panic!("no base32: {text}"),
        };
        bits = (bits << 5) | u64::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// The code of RFC 6238, made here so that the server's own is checked by another.
fn code(secret: &str, step: u64) -> String {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let tag = sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash[19] & 15);
    let four: [u8; 4] = hash[at..at + 4].try_into().expect("four bytes");
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

fn step() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs() / STEP_S
}

/// Takes an authenticator into use; answers its secret, the recovery codes and the step used.
async fn enrolled(site: &Site, token: &str) -> (String, Vec<Value>, u64) {
    let begun = site
        .post(FACTOR, token, &json!({}))
        .await
        .expect(201)
        .json();
    let (secret, now) = (text(&begun["secret"]), step());
    let first = json!({ "code": code(&secret, now) });
    let confirmed = site.put(FACTOR, token, &first).await.expect(200).json();
    let codes = confirmed["recovery_codes"].as_array().expect("codes");
    (secret, codes.clone(), now)
}

async fn challenge(site: &Site) -> String {
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let asked = site
        .post("/api/v1/auth/login", "", &login)
        .await
        .expect(202);
    assert!(
        !asked.headers.contains_key("set-cookie"),
        "nobody is in yet"
    );
    text(&asked.json()["challenge"])
}

async fn answer(site: &Site, challenge: &str, code: &str) -> Reply {
    let answer = json!({ "challenge": challenge, "code": code });
    site.post("/api/v1/auth/login/code", "", &answer).await
}

#[tokio::test]
async fn a_login_takes_a_code_that_is_good_once() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (secret, _, used) = enrolled(&site, &owner).await;
    let asked = challenge(&site).await;
    answer(&site, &asked, &code(&secret, used))
        .await
        .expect(401);
    let signed = answer(&site, &asked, &code(&secret, used + 1)).await;
    let token = text(&signed.expect(200).json()["access_token"]);
    site.get("/api/v1/me", &token).await.expect(200);
    let again = challenge(&site).await;
    answer(&site, &again, &code(&secret, used + 1))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_recovery_code_replaces_the_authenticator_once() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (_, codes, _) = enrolled(&site, &owner).await;
    let code = text(&codes[0]);
    let asked = challenge(&site).await;
    answer(&site, &asked, &code).await.expect(200);
    let state = site.get(FACTOR, &owner).await.json();
    assert_eq!(
        (&state["enabled"], &state["recovery_codes"]),
        (&json!(true), &json!(codes.len() - 1))
    );
    let asked = challenge(&site).await;
    answer(&site, &asked, &code).await.expect(401);
}

#[tokio::test]
async fn after_five_wrong_codes_the_password_is_asked_for_again() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (_, codes, _) = enrolled(&site, &owner).await;
    let asked = challenge(&site).await;
    for _ in 0..5 {
        answer(&site, &asked, "wrong-recovery-code")
            .await
            .expect(401);
    }
    answer(&site, &asked, &text(&codes[0])).await.expect(401);
    let asked = challenge(&site).await;
    answer(&site, &asked, &text(&codes[0])).await.expect(200);
}

#[tokio::test]
async fn the_second_factor_leaves_with_password_and_code_only() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (_, codes, _) = enrolled(&site, &owner).await;
    let disable = format!("{FACTOR}/disable");
    for wrong in [
        json!({ "password": "not the right password", "code": codes[0] }),
        json!({ "password": PASSWORD, "code": "wrong-recovery-code" }),
    ] {
        site.post(&disable, &owner, &wrong).await.expect(401);
    }
    let right = json!({ "password": PASSWORD, "code": codes[0] });
    site.post(&disable, &owner, &right).await.expect(204);
    site.log_in(EMAIL, PASSWORD).await;
}
