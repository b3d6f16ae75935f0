//! What is being said ends when its listener is in no more.

use axum::body::Body;
use axum::http::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Site, events, json_request, text};
use crate::scripted::{self, Script};

const EVE: &str = "eve@example.org";

/// A server whose model says one word and then waits.
async fn site() -> (Site, Script) {
    let site = Site::open().await;
    let script = scripted::add(&site.karen, &["Hello", ", Ada."]);
    script.let_out(1);
    (site, script)
}

/// A turn of which the first word was heard.
async fn listening(site: &Site, token: &str) -> Response<Body> {
    let message = json!({ "message": "hello" });
    let mut response = site
        .send(json_request("POST", "/api/v1/chat", token, &message))
        .await;
    let mut heard = String::new();
    while !heard.contains("Hello") {
        let frame = response.body_mut().frame().await.expect("more");
        let data = frame.expect("read").into_data().expect("data");
        heard.push_str(std::str::from_utf8(&data).expect("text"));
    }
    response
}

/// What a stream ends with.
async fn end(response: Response<Body>) -> (String, Value) {
    let rest = response.into_body().collect().await.expect("a clean end");
    let rest = String::from_utf8(rest.to_bytes().into()).expect("text");
    let (kind, _, data) = events(&rest).pop().expect("an event");
    (kind, data)
}

async fn assert_cut(response: Response<Body>) {
    let (kind, data) = end(response).await;
    assert_eq!(
        (kind.as_str(), &data["code"]),
        ("error", &json!("UNAUTHENTICATED"))
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_its_account() {
    let (site, script) = site().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let id = text(&site.get("/api/v1/me", &eve).await.json()["account"]["id"]);
    let stream = listening(&site, &eve).await;
    site.post("/api/v1/auth/logout", &eve, &json!({}))
        .await
        .expect(204);
    assert_cut(stream).await;

    let eve = site.log_in(EVE, PASSWORD).await;
    // One for the turn that nobody listens to any more, and one for this one.
    script.let_out(2);
    let stream = listening(&site, &eve).await;
    let path = format!("/api/v1/users/{id}/disable");
    site.post(&path, &owner, &json!({})).await.expect(204);
    assert_cut(stream).await;
    script.let_out(100);
    let message = json!({ "message": "hello" });
    let theirs = site.post("/api/v1/chat", &owner, &message).await;
    let theirs = events(theirs.expect(200).text());
    let (kind, ..) = theirs.last().expect("events");
    assert_eq!(kind, "done", "others go on");
}
