//! Tokens that others can check.

use karen_core::config::SigningSetting;
use serde_json::{Value, json};

use crate::harness::{EMAIL, PASSWORD, Site, in_memory};

const JWKS: &str = "/.well-known/jwks.json";

async fn kids(site: &Site) -> Vec<Value> {
    let set = site.get(JWKS, "").await.expect(200).json();
    let keys = set["keys"].as_array().expect("keys");
    keys.iter().map(|key| key["kid"].clone()).collect()
}

#[tokio::test]
async fn a_key_that_was_rotated_is_good_for_the_tokens_it_has_signed() {
    let mut config = in_memory();
    config.auth.signing = SigningSetting::EdDsa;
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let before = kids(&site).await;
    assert_eq!(before.len(), 1);
    site.post("/api/v1/signing-keys/rotate", &owner, &json!({}))
        .await
        .expect(204);
    let after = kids(&site).await;
    assert_eq!(after.len(), 2);
    assert_eq!(after[1], before[0], "the one that signs comes first");
    site.get("/api/v1/me", &owner).await.expect(200);
    let newer = site.log_in(EMAIL, PASSWORD).await;
    site.get("/api/v1/me", &newer).await.expect(200);
}

#[tokio::test]
async fn the_secret_itself_is_no_public_key() {
    let site = Site::open().await;
    let owner = site.owner().await;
    assert_eq!(kids(&site).await, Vec::<Value>::new());
    site.post("/api/v1/signing-keys/rotate", &owner, &json!({}))
        .await
        .expect(422);
}

#[tokio::test]
async fn keys_are_rotated_by_who_runs_the_installation() {
    let mut config = in_memory();
    config.auth.signing = SigningSetting::Es256;
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let admin = site.joined(&owner, "eve@example.org", "admin").await;
    site.post("/api/v1/signing-keys/rotate", &admin, &json!({}))
        .await
        .expect(403);
    site.post("/api/v1/signing-keys/rotate", "", &json!({}))
        .await
        .expect(401);
}
