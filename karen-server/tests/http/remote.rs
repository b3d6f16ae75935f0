use karen_core::infer::ModelName;
use serde_json::{Value, json};

use crate::harness::{Site, json_request};
use crate::scripted;

/// A provider that nobody has: its port is not open.
fn hosted() -> Value {
    json!({
        "name": "hosted",
        "remote": {
            "provider": "openai", "model": "some-model",
            "base_url": "http://127.0.0.1:9/v1", "key_env": "NO_SUCH_KEY", "context_tokens": 4096,
        },
    })
}

#[tokio::test]
async fn a_providers_model_is_added_listed_and_removed() {
    let site = Site::open().await;
    let token = site.owner().await;
    let added = site
        .post("/api/v1/models", &token, &hosted())
        .await
        .expect(201)
        .json();
    assert_eq!(added["format"], "openai");
    assert_eq!(added["context_tokens"], 4096);
    assert_eq!(added["capabilities"]["exact_counts"], false);
    assert_eq!(added["remote"]["key_env"], "NO_SUCH_KEY");
    let providers = site
        .get("/api/v1/providers", &token)
        .await
        .expect(200)
        .json();
    let known =
        json!([{ "name": "hosted", "base_url": "http://127.0.0.1:9/v1", "has_key": false }]);
    assert_eq!(providers["data"][0]["models"], known);
    assert_eq!(providers["data"][1]["name"], "openai-responses");
    assert_eq!(providers["data"][2]["name"], "gemini");
    site.delete("/api/v1/models/hosted", &token)
        .await
        .expect(204);
    site.delete("/api/v1/models/hosted", &token)
        .await
        .expect(404);
}

#[tokio::test]
async fn a_missing_key_is_told_by_the_name_of_its_variable() {
    let site = Site::open().await;
    let token = site.owner().await;
    site.post("/api/v1/models", &token, &hosted())
        .await
        .expect(201);
    let ask = json!({ "model": "hosted", "messages": [{ "role": "user", "content": "hello" }] });
    let refused = site
        .post("/v1/chat/completions", &token, &ask)
        .await
        .expect(403);
    assert!(refused.text().contains("NO_SUCH_KEY"), "{}", refused.text());
}

#[tokio::test]
async fn a_model_is_a_file_or_a_providers() {
    let site = Site::open().await;
    let token = site.owner().await;
    let mut both = hosted();
    both["path"] = json!("/some.gguf");
    for wrong in [json!({}), both] {
        site.post("/api/v1/models", &token, &wrong)
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn a_route_is_set_listed_used_in_a_turn_and_removed() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, &["Hello."]);
    site.post("/api/v1/models", &token, &hosted())
        .await
        .expect(201);
    let route = json!({ "choose": "order", "targets": ["hosted", "scripted"] });
    let put = |route: &Value| json_request("PUT", "/api/v1/routing/main", &token, route);
    site.whole(put(&route)).await.expect(204);
    let said = json!({ "message": "hello", "model": "main", "stream": false });
    let answer = site
        .post("/api/v1/chat", &token, &said)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["model_asked"], "main");
    assert_eq!(answer["model_answered"], "scripted");
    assert_eq!(answer["model_why"], "fallback");
    let list = site.get("/api/v1/routing", &token).await.expect(200).json();
    assert_eq!(list["data"][0]["targets"], route["targets"]);
    assert_eq!(list["data"][0]["cooling"][0]["model"], "hosted");
    site.whole(put(&json!({ "targets": ["absent"] })))
        .await
        .expect(404);
    site.delete("/api/v1/routing/main", &token)
        .await
        .expect(204);
    site.delete("/api/v1/routing/main", &token)
        .await
        .expect(404);
    assert!(
        site.karen
            .models()
            .info(&ModelName::parse("main").expect("name"))
            .is_err()
    );
}
