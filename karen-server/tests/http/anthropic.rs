use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::harness::{Site, events};
use crate::scripted;

const PIECES: &[&str] = &["Hello", ", ", "Ada."];

fn ask() -> Value {
    json!({
        "model": "scripted",
        "max_tokens": 100,
        "system": [{ "type": "text", "text": "Be brief." }],
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hello" }] }],
    })
}

#[tokio::test]
async fn a_message_is_answered() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let reply = site.post("/v1/messages", &token, &ask()).await.expect(200);
    assert_eq!(reply.headers["karen-model-answered"], "scripted");
    let answer = reply.json();
    assert_eq!(answer["type"], "message");
    assert_eq!(answer["role"], "assistant");
    assert_eq!(
        answer["content"],
        json!([{ "type": "text", "text": "Hello, Ada." }])
    );
    assert_eq!(answer["stop_reason"], "end_turn");
    assert_eq!(
        (
            &answer["usage"]["input_tokens"],
            &answer["usage"]["output_tokens"]
        ),
        (&json!(7), &json!(3))
    );
}

#[tokio::test]
async fn a_prompt_is_counted_without_being_answered() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let mut prompt = ask();
    prompt.as_object_mut().expect("fields").remove("max_tokens");
    let count = async |body: Value| site.post("/v1/messages/count_tokens", &token, &body).await;
    let counted = count(prompt.clone()).await.expect(200).json();
    assert_eq!(counted, json!({ "input_tokens": 2 }), "two messages");
    let refused = count(ask()).await.expect(400).json();
    assert_eq!(
        refused["error"]["type"], "invalid_request_error",
        "it is no answer that is asked for"
    );
    prompt["model"] = json!("no-such-model");
    assert_eq!(
        count(prompt).await.expect(404).json()["error"]["type"],
        "not_found_error"
    );
}

#[tokio::test]
async fn a_message_is_streamed_in_events_of_its_blocks() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let mut wanted = ask();
    wanted["stream"] = json!(true);
    let reply = site.post("/v1/messages", &token, &wanted).await.expect(200);
    let events = events(reply.text());
    let names: Vec<&str> = events.iter().map(|(name, ..)| name.as_str()).collect();
    let expect = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names, expect);
    assert!(events.iter().all(|(name, _, data)| data["type"] == *name));
    let texts = events
        .iter()
        .filter_map(|(.., data)| data["delta"]["text"].as_str());
    assert_eq!(texts.collect::<String>(), "Hello, Ada.");
    let end = &events[6].2;
    assert_eq!(end["delta"]["stop_reason"], "end_turn");
    assert_eq!(end["usage"]["output_tokens"], 3);
}

#[tokio::test]
async fn a_key_comes_in_anthropics_header_and_errors_have_anthropics_shape() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let request = |key: &str, body: &Value| {
        let request = Request::post("/v1/messages").header(CONTENT_TYPE, "application/json");
        let request = request
            .header("host", site.address.to_string())
            .header("x-api-key", key);
        request.body(Body::from(body.to_string())).expect("request")
    };
    site.whole(request(&token, &ask())).await.expect(200);
    let forged = site.whole(request("forged", &ask())).await.expect(401);
    assert_eq!(forged.json()["type"], "error");
    assert_eq!(forged.json()["error"]["type"], "authentication_error");
    let mut absent = ask();
    absent["model"] = json!("absent");
    let absent = site.whole(request(&token, &absent)).await.expect(404);
    assert_eq!(absent.json()["error"]["type"], "not_found_error");
    let mut wrong = ask();
    wrong["messages"][0]["role"] = json!("somebody");
    let wrong = site.whole(request(&token, &wrong)).await.expect(400);
    assert_eq!(wrong.json()["error"]["type"], "invalid_request_error");
}
