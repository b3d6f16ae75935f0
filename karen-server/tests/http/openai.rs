use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::harness::{Site, events, json_request, text};
use crate::scripted;

const PIECES: &[&str] = &["Hello", ", ", "Ada."];

fn ask() -> Value {
    json!({ "model": "scripted", "messages": [
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": [{ "type": "text", "text": "hello" }] },
    ]})
}

/// The chunks of a stream, which must end with `[DONE]`.
fn chunks(text: &str) -> Vec<Value> {
    let mut data: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(data.pop(), Some("[DONE]"));
    data.iter()
        .map(|chunk| serde_json::from_str(chunk).expect("json"))
        .collect()
}

#[tokio::test]
async fn a_chat_is_completed() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let answer = site
        .post("/v1/chat/completions", &token, &ask())
        .await
        .expect(200)
        .json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "scripted");
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello, Ada.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let usage = json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10,
            "prompt_tokens_details": { "cached_tokens": 0 } });
    assert_eq!(answer["usage"], usage);
}

#[tokio::test]
async fn a_chat_is_streamed_in_chunks() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let mut wanted = ask();
    wanted["stream"] = json!(true);
    wanted["stream_options"] = json!({ "include_usage": true });
    let reply = site
        .post("/v1/chat/completions", &token, &wanted)
        .await
        .expect(200);
    let chunks = chunks(reply.text());
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let contents = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["content"].as_str());
    assert_eq!(contents.collect::<String>(), "Hello, Ada.");
    let [.., end, usage] = &chunks[..] else {
        panic!("{chunks:?}")
    };
    assert_eq!(end["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["total_tokens"], 10);
}

#[tokio::test]
async fn a_client_that_goes_away_cancels() {
    let site = Site::open().await;
    let token = site.owner().await;
    let mut script = scripted::add(&site.karen, PIECES);
    script.let_out(1);
    let mut wanted = ask();
    wanted["stream"] = json!(true);
    let request = json_request("POST", "/v1/chat/completions", &token, &wanted);
    let mut response = site.send(request).await;
    response
        .body_mut()
        .frame()
        .await
        .expect("first chunk")
        .expect("read");
    drop(response);
    script.let_out(1);
    script
        .cancelled
        .wait_for(|cancelled| *cancelled)
        .await
        .expect("cancelled");
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    for (field, value) in [("n", json!(2)), ("logprobs", json!(true))] {
        let mut wanted = ask();
        wanted[field] = value;
        let reply = site
            .post("/v1/chat/completions", &token, &wanted)
            .await
            .expect(400);
        let error = reply.json()["error"].clone();
        assert_eq!(error["param"], json!(field));
        assert_eq!(error["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn what_the_model_cannot_do_is_refused() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let picture =
        json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }]);
    for (field, value) in [
        ("response_format", json!({ "type": "json_object" })),
        ("tool_choice", json!("required")),
        ("messages", json!([{ "role": "user", "content": picture }])),
    ] {
        let mut wanted = ask();
        wanted[field] = value;
        let reply = site.post("/v1/chat/completions", &token, &wanted).await;
        assert_eq!(
            reply.expect(400).json()["error"]["code"],
            "UNSUPPORTED",
            "{field}"
        );
    }
}

#[tokio::test]
async fn headers_say_which_model_answers_and_why() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let mut wanted = ask();
    let named = site
        .post("/v1/chat/completions", &token, &wanted)
        .await
        .expect(200);
    assert_eq!(named.header("karen-model-answered"), "scripted");
    assert_eq!(named.header("karen-model-why"), "named");
    let route = json!({ "targets": ["scripted"] });
    let put = json_request("PUT", "/api/v1/routing/main", &token, &route);
    site.whole(put).await.expect(204);
    wanted["model"] = json!("main");
    for stream in [false, true] {
        wanted["stream"] = json!(stream);
        let routed = site
            .post("/v1/chat/completions", &token, &wanted)
            .await
            .expect(200);
        assert_eq!(routed.header("karen-model-asked"), "main");
        assert_eq!(routed.header("karen-model-answered"), "scripted");
        assert_eq!(routed.header("karen-model-why"), "routed");
    }
}

#[tokio::test]
async fn nothing_of_it_is_remembered() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    site.post("/v1/chat/completions", &token, &ask())
        .await
        .expect(200);
    assert_eq!(
        site.get("/api/v1/memory", &token).await.json()["data"],
        json!([])
    );
    assert_eq!(
        site.get("/api/v1/conversations", &token).await.json()["data"],
        json!([])
    );
}

#[tokio::test]
async fn models_are_listed_and_looked_up() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let list = site.get("/v1/models", &token).await.expect(200).json();
    let ids: Vec<String> = list["data"]
        .as_array()
        .expect("list")
        .iter()
        .map(|model| text(&model["id"]))
        .collect();
    assert_eq!(ids, ["karen-static", "scripted"]);
    assert_eq!(
        site.get("/v1/models/scripted", &token)
            .await
            .expect(200)
            .json()["id"],
        "scripted"
    );
    site.get("/v1/models/none", &token).await.expect(404);
}

#[tokio::test]
async fn texts_are_embedded_as_numbers_or_base64() {
    use base64::Engine;
    let site = Site::open().await;
    let token = site.owner().await;
    let mut wanted = json!({ "model": "karen-static", "input": ["a dog", "a cat"] });
    let numbers = site
        .post("/v1/embeddings", &token, &wanted)
        .await
        .expect(200)
        .json();
    assert!(numbers["usage"]["prompt_tokens"].as_u64().expect("count") >= 4);
    let rows = numbers["data"].as_array().expect("list");
    assert_eq!(rows.len(), 2);
    let row: Vec<f32> = serde_json::from_value(rows[1]["embedding"].clone()).expect("numbers");
    assert_eq!(row.len(), 256);
    wanted["encoding_format"] = json!("base64");
    let packed = site
        .post("/v1/embeddings", &token, &wanted)
        .await
        .expect(200)
        .json();
    let packed = text(&packed["data"][1]["embedding"]);
    let bytes = base64::prelude::BASE64_STANDARD
        .decode(packed)
        .expect("base64");
    let same: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")))
        .collect();
    assert_eq!(same, row);
}

#[tokio::test]
async fn a_response_is_given_whole_and_in_numbered_events() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let mut wanted = json!({ "model": "scripted", "instructions": "Be brief.", "input": [
        { "role": "user", "content": [{ "type": "input_text", "text": "hello" }] },
    ]});
    let reply = site
        .post("/v1/responses", &token, &wanted)
        .await
        .expect(200);
    let whole = reply.json();
    assert_eq!(
        (&whole["object"], &whole["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert_eq!(whole["output"][0]["content"][0]["text"], "Hello, Ada.");
    assert_eq!(whole["usage"]["total_tokens"], 10);

    wanted["stream"] = json!(true);
    let reply = site
        .post("/v1/responses", &token, &wanted)
        .await
        .expect(200);
    let events = events(reply.text());
    let names: Vec<&str> = events.iter().map(|(name, ..)| name.as_str()).collect();
    let expect = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names, expect);
    for (number, (name, _, data)) in events.iter().enumerate() {
        assert_eq!(
            (&data["type"], &data["sequence_number"]),
            (&json!(name), &json!(number))
        );
    }
    assert_eq!(
        events[10].2["response"]["output"][0]["content"],
        whole["output"][0]["content"]
    );
}

#[tokio::test]
async fn a_response_that_would_have_to_be_stored_is_refused() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let wanted = json!({ "model": "scripted", "input": "hello", "previous_response_id": "resp_1" });
    let reply = site
        .post("/v1/responses", &token, &wanted)
        .await
        .expect(400);
    assert_eq!(reply.json()["error"]["param"], "previous_response_id");
}
