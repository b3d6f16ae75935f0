//! Calls that are sent again.

use axum::http::HeaderValue;
use serde_json::{Value, json};

use crate::harness::{Reply, Site, in_memory, json_request, text};

async fn make_key(site: &Site, token: &str, key: &str, body: &Value) -> Reply {
    let mut request = json_request("POST", "/api/v1/api-keys", token, body);
    let key = HeaderValue::from_str(key).expect("a key");
    request.headers_mut().insert("idempotency-key", key);
    site.whole(request).await
}

async fn keys(site: &Site, token: &str) -> usize {
    let keys = site.get("/api/v1/api-keys", token).await.json();
    keys["data"].as_array().expect("a list").len()
}

#[tokio::test]
async fn a_call_that_is_sent_again_makes_nothing_more() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wanted = json!({ "name": "script" });
    let first = make_key(&site, &owner, "one", &wanted).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = make_key(&site, &owner, "one", &wanted).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), first.json());
    assert_eq!(keys(&site, &owner).await, 1);
    make_key(&site, &owner, "one", &json!({ "name": "other" }))
        .await
        .expect(422);
    make_key(&site, &owner, "two", &wanted).await.expect(201);
    assert_eq!(keys(&site, &owner).await, 2);
}

#[tokio::test]
async fn a_refusal_is_said_again_in_the_same_words() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wanted = json!({ "name": "script", "permissions": ["chat:everything"] });
    let first = make_key(&site, &owner, "one", &wanted).await.expect(422);
    let again = make_key(&site, &owner, "one", &wanted).await.expect(422);
    assert_eq!(again.header("content-type"), "application/problem+json");
    assert_eq!(again.json()["detail"], first.json()["detail"]);
}

#[tokio::test]
async fn the_keys_of_two_callers_do_not_meet() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, "eve@example.org", "member").await;
    let wanted = json!({ "name": "script" });
    let one = make_key(&site, &owner, "one", &wanted).await.expect(201);
    let other = make_key(&site, &eve, "one", &wanted).await.expect(201);
    assert_ne!(one.json()["key"], other.json()["key"]);
}

#[tokio::test]
async fn sent_many_times_at_once_it_is_made_once() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wanted = json!({ "name": "script" });
    let sent = (0..16).map(|_| make_key(&site, &owner, "one", &wanted));
    let replies = futures::future::join_all(sent).await;
    assert!(
        replies
            .iter()
            .all(|reply| [201, 409].contains(&reply.status))
    );
    assert_eq!(keys(&site, &owner).await, 1);
}

#[tokio::test]
async fn what_was_made_before_a_restart_is_not_made_again_and_its_secret_is_in_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = || {
        let mut config = in_memory();
        config.data.folder = folder.path().join("data");
        config
    };
    let site = Site::with(config()).await;
    let owner = site.owner().await;
    let wanted = json!({ "name": "script" });
    let first = make_key(&site, &owner, "one", &wanted).await.expect(201);
    site.close().await;
    let site = Site::with(config()).await;
    let again = make_key(&site, &owner, "one", &wanted).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), first.json());
    assert_eq!(keys(&site, &owner).await, 1);
    site.close().await;
    let secret = text(&first.json()["key"]);
    let database = std::fs::read(folder.path().join("data/karen.db")).expect("a database");
    let has = |part: &[u8]| part == secret.as_bytes();
    assert!(!database.windows(secret.len()).any(has));
}
