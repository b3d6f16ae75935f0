use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::harness::{Reply, Site, in_memory, json_request, request};

fn typed(path: &str, token: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request("POST", path, token, body.into());
    request
        .headers_mut()
        .insert(CONTENT_TYPE, kind.parse().expect("type"));
    request
}

#[track_caller]
fn check(reply: &Reply, status: u16, code: &str, pointer: Option<&str>) {
    let problem = reply.json();
    assert_eq!(
        (reply.status, &problem["code"]),
        (status, &json!(code)),
        "{problem}"
    );
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(problem["status"], json!(status));
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(
        problem["correlation_id"],
        json!(reply.header("x-request-id"))
    );
    assert!(!problem["detail"].as_str().expect("detail").is_empty());
    if let Some(pointer) = pointer {
        assert_eq!(problem["errors"][0]["pointer"], json!(pointer), "{problem}");
    }
}

#[tokio::test]
async fn bad_bodies_are_told_apart() {
    let site = Site::open().await;
    let token = site.owner().await;
    let (notes, json_type) = ("/api/v1/memory", "application/json");
    for (kind, body, status, pointer) in [
        ("text/plain", &b"{\"text\":\"x\"}"[..], 415, None),
        (json_type, b"{\"text\":", 400, None),
        (json_type, b"{\"text\":\"\xff\"}", 400, None),
        (
            json_type,
            b"{\"text\":\"x\",\"colour\":1}",
            422,
            Some("/colour"),
        ),
        (json_type, b"{\"text\":5}", 422, Some("/text")),
        (
            json_type,
            b"{\"text\":\"x\",\"tags\":[\"a\",5]}",
            422,
            Some("/tags/1"),
        ),
    ] {
        let reply = site.whole(typed(notes, &token, kind, body)).await;
        check(&reply, status, "INVALID_ARGUMENT", pointer);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut config = in_memory();
    config.server.body_bytes_max = 1000;
    let site = Site::with(config).await;
    let token = site.owner().await;
    let fits = json!({ "text": "x".repeat(900) });
    site.post("/api/v1/memory", &token, &fits).await.expect(201);
    let reply = site
        .post(
            "/api/v1/memory",
            &token,
            &json!({ "text": "x".repeat(1000) }),
        )
        .await;
    check(&reply, 413, "TOO_LARGE", None);
}

#[tokio::test]
async fn without_a_good_token_nobody_gets_in() {
    let site = Site::open().await;
    let token = site.owner().await;
    site.get("/api/v1/me", &token).await.expect(200);
    let mut forged = token.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for bad in ["", "nonsense", "karen_sk_nonsense", forged.as_str()] {
        let reply = site.get("/api/v1/me", bad).await;
        check(&reply, 401, "UNAUTHENTICATED", None);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_problems() {
    let site = Site::open().await;
    check(&site.get("/nowhere", "").await, 404, "NOT_FOUND", None);
    let reply = site.delete("/api/v1/setup", "").await;
    check(&reply, 405, "INVALID_ARGUMENT", None);
    assert!(
        reply.header("allow").contains("GET"),
        "{}",
        reply.header("allow")
    );
}

#[tokio::test]
async fn things_that_are_not_there_are_not_found() {
    let site = Site::open().await;
    let token = site.owner().await;
    let id = "0".repeat(32);
    for path in [
        format!("/api/v1/conversations/conv_{id}"),
        format!("/api/v1/turns/turn_{id}"),
    ] {
        check(&site.get(&path, &token).await, 404, "NOT_FOUND", None);
    }
    check(
        &site.get("/api/v1/turns/other", &token).await,
        422,
        "INVALID_ARGUMENT",
        None,
    );
    let reply = site.get("/api/v1/conversations?limit=many", &token).await;
    check(&reply, 422, "INVALID_ARGUMENT", None);
    let reply = site.get("/api/v1/conversations?colour=red", &token).await;
    check(&reply, 422, "INVALID_ARGUMENT", None);
    check(
        &site.delete("/api/v1/models/none", &token).await,
        404,
        "MODEL_MISSING",
        None,
    );
}

#[tokio::test]
async fn a_request_keeps_the_name_it_came_with() {
    let site = Site::open().await;
    let mut named = request("GET", "/nowhere", "", Body::empty());
    named
        .headers_mut()
        .insert("x-request-id", "my-request-1".parse().expect("value"));
    let reply = site.whole(named).await;
    check(&reply, 404, "NOT_FOUND", None);
    assert_eq!(reply.header("x-request-id"), "my-request-1");
    let mut named = request("GET", "/livez", "", Body::empty());
    named
        .headers_mut()
        .insert("x-request-id", "<script>".parse().expect("value"));
    let reply = site.whole(named).await;
    assert_eq!(reply.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn openai_paths_fail_in_openais_shape() {
    let site = Site::open().await;
    let reply = site.get("/v1/models", "").await.expect(401);
    assert_eq!(reply.json()["error"]["code"], "invalid_api_key");
    let token = site.owner().await;
    let body = json!({ "model": "gpt-none", "messages": [{ "role": "user", "content": "hi" }] });
    let reply = site
        .post("/v1/chat/completions", &token, &body)
        .await
        .expect(404);
    assert_eq!(reply.json()["error"]["code"], "model_not_found");
    let unknown = json!({ "model": "m", "messages": [], "colour": "red" });
    let reply = site
        .whole(json_request(
            "POST",
            "/v1/chat/completions",
            &token,
            &unknown,
        ))
        .await;
    assert_eq!(reply.expect(400).json()["error"]["param"], "colour");
}

#[tokio::test]
async fn answers_to_principals_are_stored_nowhere() {
    let site = Site::open().await;
    let token = site.owner().await;
    let reply = site.get("/api/v1/me", &token).await.expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert!(
        reply
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
}
