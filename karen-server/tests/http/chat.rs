use axum::body::Body;
use axum::http::Response;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::harness::{Reply, Site, events, json_request, request, text};
use crate::scripted;

const PIECES: &[&str] = &["Hello", ", ", "Ada."];

/// Reads a stream until it holds `end`.
async fn read_until(response: &mut Response<Body>, end: &str) -> String {
    let mut read = String::new();
    while !read.contains(end) {
        let frame = response
            .body_mut()
            .frame()
            .await
            .expect("more")
            .expect("read");
        let data = frame.into_data().expect("data");
        read.push_str(std::str::from_utf8(&data).expect("text"));
    }
    read
}

fn said(events: &[(String, String, Value)]) -> String {
    let deltas = events.iter().filter(|(kind, ..)| kind == "delta");
    deltas.map(|(_, _, data)| text(&data["text"])).collect()
}

#[tokio::test]
async fn an_answer_is_streamed_in_numbered_events() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let reply = site
        .post("/api/v1/chat", &token, &json!({ "message": "hello" }))
        .await
        .expect(200);
    assert_eq!(reply.header("content-type"), "text/event-stream");
    assert!(reply.text().starts_with(": "), "a comment comes first");
    let events = events(reply.text());
    let (kind, id, opening) = &events[0];
    assert_eq!((kind.as_str(), id.as_str()), ("turn", ""));
    assert_eq!(text(&opening["turn"]), reply.header("karen-turn"));
    assert_eq!(
        text(&opening["conversation"]),
        reply.header("karen-conversation")
    );
    let numbers: Vec<String> = events[1..].iter().map(|(_, id, _)| id.clone()).collect();
    let expected: Vec<String> = (1..events.len()).map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected);
    assert!(
        events[1..]
            .iter()
            .all(|(kind, _, data)| data["type"] == json!(kind))
    );
    assert_eq!(said(&events), "Hello, Ada.");
    let (kind, _, done) = events.last().expect("events");
    assert_eq!(kind, "done");
    assert_eq!(
        (&done["finish"], &done["model_answered"]),
        (&json!("stop"), &json!("scripted"))
    );
    let why = (&done["model_asked"], &done["model_why"]);
    assert_eq!(why, (&Value::Null, &json!("default")));
}

#[tokio::test]
async fn a_broken_connection_loses_nothing_of_the_answer() {
    let site = Site::open().await;
    let token = site.owner().await;
    let script = scripted::add(&site.karen, PIECES);
    let said_so = json_request(
        "POST",
        "/api/v1/chat",
        &token,
        &json!({ "message": "hello" }),
    );
    let mut response = site.send(said_so).await;
    script.let_out(1);
    let begun = read_until(&mut response, "Hello").await;
    let events_so_far = events(&begun);
    let turn = text(&events_so_far[0].2["turn"]);
    let conversation = text(&events_so_far[0].2["conversation"]);
    let last = events_so_far.last().expect("events").1.clone();
    drop(response);

    let messages = format!("/api/v1/conversations/{conversation}/messages");
    let running = site.get(&messages, &token).await.expect(200).json();
    assert_eq!(running["running_turn"], json!(turn));
    script.let_out(2);
    let mut again = request(
        "GET",
        &format!("/api/v1/turns/{turn}/events"),
        &token,
        Body::empty(),
    );
    again
        .headers_mut()
        .insert("last-event-id", last.parse().expect("number"));
    let rest = site.whole(again).await.expect(200);
    assert_eq!(said(&events(rest.text())), ", Ada.");
    let replayed = site
        .get(&format!("/api/v1/turns/{turn}/events?after=0"), &token)
        .await;
    assert_eq!(said(&events(replayed.text())), "Hello, Ada.");
    let kept = site.get(&messages, &token).await.json();
    assert_eq!(kept["running_turn"], Value::Null);
    assert_eq!(kept["data"][1]["content"], "Hello, Ada.");
    assert_eq!(kept["data"][1]["state"], "complete");
}

#[tokio::test]
async fn a_cancelled_turn_keeps_what_was_said() {
    let site = Site::open().await;
    let token = site.owner().await;
    let script = scripted::add(&site.karen, PIECES);
    let said_so = json_request(
        "POST",
        "/api/v1/chat",
        &token,
        &json!({ "message": "hello" }),
    );
    let mut response = site.send(said_so).await;
    script.let_out(1);
    let begun = read_until(&mut response, "Hello").await;
    let turn = text(&events(&begun)[0].2["turn"]);
    let cancel = format!("/api/v1/turns/{turn}/cancel");
    let stopped = site.post(&cancel, &token, &json!({})).await.expect(202);
    assert_eq!(stopped.json()["cancelled"], true);
    let rest = Reply::of(response).await;
    let (kind, _, done) = events(rest.text()).pop().expect("events");
    assert_eq!(
        (kind.as_str(), &done["finish"]),
        ("done", &json!("cancelled"))
    );
    let conversation = text(&events(&begun)[0].2["conversation"]);
    let kept = site
        .get(
            &format!("/api/v1/conversations/{conversation}/messages"),
            &token,
        )
        .await
        .json();
    assert_eq!(kept["data"][1]["content"], "Hello");
    assert_eq!(kept["data"][1]["state"], "cancelled");
    assert_eq!(
        site.post(&cancel, &token, &json!({})).await.json()["cancelled"],
        false
    );
}

#[tokio::test]
async fn the_whole_answer_can_be_waited_for() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let ask = json!({ "message": "hello", "stream": false, "model": "scripted" });
    let answer = site
        .post("/api/v1/chat", &token, &ask)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["text"], "Hello, Ada.");
    assert_eq!(answer["finish"], "stop");
    assert_eq!(answer["model_asked"], "scripted");
    assert_eq!(answer["usage"]["completion_tokens"], 3);
    let turn = format!("/api/v1/turns/{}", text(&answer["turn"]));
    assert_eq!(site.get(&turn, &token).await.json()["state"], "finished");
}

#[tokio::test]
async fn without_a_model_karen_says_so_and_quotes_memory() {
    let site = Site::open().await;
    let token = site.owner().await;
    let note = json!({ "text": "My dog is called Biscuit." });
    site.post("/api/v1/memory", &token, &note).await.expect(201);
    let ask = json!({ "message": "What is my dog called?", "stream": false });
    let answer = site
        .post("/api/v1/chat", &token, &ask)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["finish"], "no_model");
    assert_eq!(answer["model_answered"], Value::Null);
    let said = text(&answer["text"]);
    assert!(
        said.contains("No model is loaded") && said.contains("Biscuit"),
        "{said}"
    );
    assert_eq!(answer["recalled"][0]["text"], "My dog is called Biscuit.");
}

#[tokio::test]
async fn a_model_that_is_not_there_is_a_problem_before_anything_is_said() {
    let site = Site::open().await;
    let token = site.owner().await;
    let ask = json!({ "message": "hello", "model": "none" });
    let reply = site.post("/api/v1/chat", &token, &ask).await.expect(404);
    assert_eq!(reply.json()["code"], "MODEL_MISSING");
    let listed = site.get("/api/v1/conversations", &token).await.json();
    assert_eq!(listed["data"], json!([]));
}

#[tokio::test]
async fn conversations_are_begun_renamed_and_deleted() {
    let site = Site::open().await;
    let token = site.owner().await;
    let made = site
        .post(
            "/api/v1/conversations",
            &token,
            &json!({ "title": "Plans" }),
        )
        .await;
    let id = text(&made.expect(201).json()["id"]);
    let path = format!("/api/v1/conversations/{id}");
    let renamed = json_request("PATCH", &path, &token, &json!({ "title": "Better plans" }));
    assert_eq!(
        site.whole(renamed).await.expect(200).json()["title"],
        "Better plans"
    );
    let listed = site
        .get("/api/v1/conversations?limit=1", &token)
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"][0]["id"], json!(id));
    site.delete(&path, &token).await.expect(204);
    site.get(&path, &token).await.expect(404);
}

#[tokio::test]
async fn what_is_sent_again_with_the_same_key_is_said_once() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let send = async |key: &str, message: &str| {
        let ask = json!({ "message": message, "stream": false });
        let mut request = json_request("POST", "/api/v1/chat", &token, &ask);
        let headers = request.headers_mut();
        headers.insert("idempotency-key", key.parse().expect("value"));
        site.whole(request).await
    };
    let first = send("k1", "hello").await.expect(200).json();
    let again = send("k1", "hello").await.expect(200).json();
    assert_eq!(again, first);
    let other = send("k1", "something else").await.expect(409).json();
    assert_eq!(other["code"], "CONFLICT");
    send(&"k".repeat(256), "hello").await.expect(422);
    let fresh = send("k2", "hello").await.expect(200).json();
    assert_ne!(fresh["turn"], first["turn"]);
    let listed = site.get("/api/v1/conversations", &token).await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn pages_of_conversations_and_messages_lead_to_the_first() {
    let site = Site::open().await;
    let token = site.owner().await;
    let line = |of: u32, i: u32| {
        let content = format!("line {i}");
        json!({ "conversation": of.to_string(), "role": "user", "content": content, "at": 1 })
    };
    let lines = (0..3).flat_map(|of| (0..5).map(move |i| line(of, i).to_string()));
    let history = lines.collect::<Vec<_>>().join("\n");
    let mut import = request("POST", "/api/v1/import", &token, history.into());
    let media_type = "application/x-ndjson".parse().expect("value");
    import.headers_mut().insert(CONTENT_TYPE, media_type);
    site.whole(import).await.expect(200);

    let mut conversations = Vec::new();
    let mut page = site
        .get("/api/v1/conversations?limit=2", &token)
        .await
        .json();
    conversations.extend(page["data"].as_array().expect("list").clone());
    while let Some(cursor) = page["next_cursor"].as_str() {
        let next = format!("/api/v1/conversations?limit=2&cursor={cursor}");
        page = site.get(&next, &token).await.expect(200).json();
        conversations.extend(page["data"].as_array().expect("list").clone());
    }
    assert_eq!(conversations.len(), 3, "each once: {conversations:?}");

    let path = format!(
        "/api/v1/conversations/{}/messages?limit=2",
        text(&conversations[0]["id"])
    );
    let mut page = site.get(&path, &token).await.expect(200).json();
    let mut said = Vec::new();
    loop {
        let messages = page["data"].as_array().expect("list");
        said.splice(0..0, messages.iter().map(|m| text(&m["content"])));
        if page["has_earlier"] == json!(false) {
            break;
        }
        let earlier = format!("{path}&before={}", text(&messages[0]["id"]));
        page = site.get(&earlier, &token).await.expect(200).json();
    }
    assert_eq!(
        said,
        (0..5).map(|i| format!("line {i}")).collect::<Vec<_>>()
    );
    let forged = "/api/v1/conversations?cursor=1.conv_x";
    let problem = site.get(forged, &token).await.expect(422).json();
    assert_eq!(problem["code"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn metrics_tell_of_turns_and_requests() {
    let site = Site::open().await;
    let token = site.owner().await;
    scripted::add_free(&site.karen, PIECES);
    let ask = json!({ "message": "hello", "stream": false });
    site.post("/api/v1/chat", &token, &ask).await.expect(200);
    let metrics = site.get("/metrics", "").await.expect(200);
    for line in [
        "karen_http_requests_total{method=\"POST\",route=\"/api/v1/chat\",status=\"2xx\"}",
        "karen_http_request_duration_seconds_bucket",
        "karen_live_turns",
    ] {
        assert!(metrics.text().contains(line), "{line}");
    }
}

#[tokio::test]
async fn health_is_told_part_by_part() {
    let site = Site::open().await;
    site.get("/livez", "").await.expect(200);
    site.get("/readyz", "").await.expect(200);
    let health = site.get("/health", "").await.expect(200).json();
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["checks"]["database"]["status"], "ok");
    assert_eq!(health["checks"]["models"]["status"], "degraded");
    scripted::add_free(&site.karen, PIECES);
    let health = site.get("/health", "").await.expect(200).json();
    assert_eq!(health["checks"]["models"]["status"], "ok");
}

#[tokio::test]
async fn closing_the_server_ends_running_turns_and_keeps_them() {
    let site = Site::open().await;
    let token = site.owner().await;
    let script = scripted::add(&site.karen, PIECES);
    let said_so = json_request(
        "POST",
        "/api/v1/chat",
        &token,
        &json!({ "message": "hello" }),
    );
    let mut response = site.send(said_so).await;
    script.let_out(3);
    read_until(&mut response, "Hello").await;
    site.close().await;
    let rest = Reply::of(response).await;
    assert_eq!(events(rest.text()).pop().expect("events").0, "done");
}
