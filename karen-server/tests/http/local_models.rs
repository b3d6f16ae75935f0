//! Models on the server's machine: pulled from a hub on loopback, found in a folder, loaded and pinned.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Path as UrlPath;
use axum::http::HeaderValue;
use axum::http::header::ACCEPT;
use axum::response::Json;
use axum::routing::get;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::commands::run;
use crate::harness::{Site, in_memory, json_request};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/karen-demo.gguf")
}

/// A hub with one repository of one file; its address.
async fn hub() -> String {
    let content = std::fs::read(demo()).expect("the demonstration model");
    let digest = Sha256::digest(&content);
    let sum: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = json!({
        "rfilename": "karen-demo.gguf", "size": content.len(),
        "lfs": {"sha256": sum, "size": content.len()},
    });
    let listing = json!({"sha": COMMIT, "siblings": [file]});
    let list = move |UrlPath(_): UrlPath<(String, String, String)>| async move { Json(listing) };
    let resolve = move || async move { content };
    let router = Router::new()
        .route("/api/models/{org}/{repo}/revision/{revision}", get(list))
        .route(
            &format!("/org/repo/resolve/{COMMIT}/karen-demo.gguf"),
            get(resolve),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn the_command_pulls_a_model_that_is_listed_afterwards() {
    let folder = tempfile::tempdir().expect("folder");
    let hub = format!("models.hub={}", hub().await);
    let pull = ["--set", &hub, "models", "pull", "hf:org/repo"];
    let pulled = run(folder.path(), &pull).await;
    assert!(pulled.status.success(), "{}", pulled.err);
    assert!(
        pulled.out.contains("added karen-demo: gguf"),
        "{}",
        pulled.out
    );
    assert!(pulled.err.contains(COMMIT), "{}", pulled.err);
    let listed = run(folder.path(), &["models", "list"]).await;
    assert!(
        listed.out.contains("* karen-demo: gguf, idle"),
        "{}",
        listed.out
    );
    let wrong = ["--set", &hub, "models", "pull", "hf:org/repo:Q2_K"];
    let refused = run(folder.path(), &wrong).await;
    assert!(!refused.status.success());
    assert!(
        refused.err.contains("name one of its files"),
        "{}",
        refused.err
    );
}

#[tokio::test]
async fn the_route_tells_how_far_a_pull_is_or_waits_for_its_end() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = in_memory();
    config.data.folder = folder.path().join("data");
    config.models.hub = hub().await;
    let site = Site::with(config).await;
    let token = site.owner().await;
    let asked = json!({"model": "hf:org/repo", "name": "pulled"});
    let mut watch = json_request("POST", "/api/v1/models/pull", &token, &asked);
    let events = HeaderValue::from_static("text/event-stream");
    watch.headers_mut().insert(ACCEPT, events);
    let watched = site.whole(watch).await.expect(200);
    let text = watched.text();
    let at = |event: &str| text.find(&format!("event: {event}\n"));
    assert!(
        at("listed") < at("fetched") && at("fetched") < at("checking"),
        "{text}"
    );
    assert!(
        at("checking").is_some() && at("checking") < at("done"),
        "{text}"
    );
    let again = site.post("/api/v1/models/pull", &token, &asked).await;
    let again: Value = again.expect(201).json();
    assert_eq!(again["name"], "pulled");
    let refused = site
        .post("/api/v1/models/pull", &token, &json!({"model": "org/repo"}))
        .await;
    assert_eq!(refused.expect(422).json()["code"], "INVALID_ARGUMENT");
    site.close().await;
}

#[tokio::test]
async fn a_folder_of_models_is_added_and_each_is_loaded_pinned_and_unloaded() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["one.gguf", "two.gguf"] {
        std::fs::copy(demo(), folder.path().join(name)).expect("copied");
    }
    let site = Site::open().await;
    let token = site.owner().await;
    let scan = json!({ "path": folder.path() });
    let scanned = site.post("/api/v1/models/scan", &token, &scan).await;
    let scanned = scanned.expect(200).json();
    assert_eq!(
        scanned["added"].as_array().map(Vec::len),
        Some(2),
        "{scanned}"
    );
    assert_eq!(scanned["refused"], json!([]));
    let loaded = site
        .post("/api/v1/models/two/load", &token, &json!(null))
        .await;
    let loaded = loaded.expect(200).json();
    assert_eq!(loaded["state"], "warm");
    let all = site.get("/api/v1/models", &token).await.expect(200).json();
    assert_eq!(all["memory_bytes"], loaded["memory_bytes"]);
    let pinned = site
        .whole(json_request(
            "PATCH",
            "/api/v1/models/two",
            &token,
            &json!({"pinned": true}),
        ))
        .await;
    assert_eq!(pinned.expect(200).json()["pinned"], true);
    let unloaded = site
        .post("/api/v1/models/two/unload", &token, &json!(null))
        .await;
    assert_eq!(unloaded.expect(200).json()["state"], "idle");
    let missing = site
        .post("/api/v1/models/three/load", &token, &json!(null))
        .await;
    assert_eq!(missing.expect(404).json()["code"], "MODEL_MISSING");
    site.close().await;
}

#[tokio::test]
async fn the_command_adds_a_folder_of_models() {
    let folder = tempfile::tempdir().expect("folder");
    let shelf = folder.path().join("shelf");
    std::fs::create_dir(&shelf).expect("folder");
    std::fs::copy(demo(), shelf.join("one.gguf")).expect("copied");
    std::fs::write(shelf.join("broken.gguf"), "no model").expect("written");
    let added = run(folder.path(), &["models", "add", "shelf"]).await;
    assert!(added.status.success(), "{}", added.err);
    assert!(
        added.out.contains("added karen-demo: gguf, idle"),
        "{}",
        added.out
    );
    assert!(
        added.out.contains("Q8_0, 2.6 million parameters"),
        "{}",
        added.out
    );
    assert!(added.out.contains("not added"), "{}", added.out);
    let pinned = run(folder.path(), &["models", "pin", "karen-demo"]).await;
    assert!(pinned.status.success(), "{}", pinned.err);
    let listed = run(folder.path(), &["models", "list"]).await;
    assert!(listed.out.contains(", pinned"), "{}", listed.out);
}

#[tokio::test]
async fn metrics_tell_of_each_models_state_answers_and_pace() {
    let site = Site::open().await;
    let token = site.owner().await;
    let add = json!({ "path": demo(), "name": "measured" });
    site.post("/api/v1/models", &token, &add).await.expect(201);
    let ask = json!({
        "model": "measured", "max_tokens": 8,
        "messages": [{ "role": "user", "content": "hello" }],
    });
    let answer = site.post("/v1/chat/completions", &token, &ask).await;
    let used = answer.expect(200).json()["usage"]["completion_tokens"].to_string();
    let metrics = site.get("/metrics", &token).await.expect(200);
    let text = metrics.text();
    for line in [
        "karen_model_state{model=\"measured\",state=\"warm\"} 1",
        "karen_model_state{model=\"measured\",state=\"idle\"} 0",
        "karen_model_waiting{model=\"measured\"} 0",
        "karen_model_answers_total{model=\"measured\",from=\"model\"} 1",
        "karen_model_first_token_seconds_count{model=\"measured\"} 1",
        &format!("karen_model_tokens_total{{model=\"measured\",kind=\"completion\"}} {used}"),
    ] {
        assert!(
            text.lines().any(|known| known == line),
            "{line} is not in {text}"
        );
    }
    site.close().await;
}

#[tokio::test]
async fn the_route_packs_a_model_and_tells_how_it_compares() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = in_memory();
    config.data.folder = folder.path().join("data");
    let site = Site::with(config).await;
    let token = site.owner().await;
    let add = json!({ "path": demo(), "name": "demo" });
    site.post("/api/v1/models", &token, &add).await.expect(201);
    let path = "/api/v1/models/demo/quantize";
    let mut watch = json_request("POST", path, &token, &json!({ "to": "Q4_0" }));
    let events = HeaderValue::from_static("text/event-stream");
    watch.headers_mut().insert(ACCEPT, events);
    let watched = site.whole(watch).await.expect(200);
    let told = watched.text();
    let at = |event: &str| told.find(&format!("event: {event}\n"));
    assert!(
        at("made").is_some() && at("made") < at("checking"),
        "{told}"
    );
    assert!(
        at("checking") < at("checked") && at("checked") < at("done"),
        "{told}"
    );
    assert!(told.contains("\"measure\":\"perplexity\""), "{told}");
    let ask = json!({
        "model": "demo-q4_0", "max_tokens": 4,
        "messages": [{ "role": "user", "content": "hello" }],
    });
    let answer = site.post("/v1/chat/completions", &token, &ask).await;
    answer.expect(200);
    let wrong = json!({ "to": "Q9" });
    let refused = site.post(path, &token, &wrong).await.expect(422).json();
    assert_eq!(refused["code"], "INVALID_ARGUMENT");
    site.close().await;
}

#[tokio::test]
async fn a_model_runs_as_it_is_set_to_and_as_the_others_when_that_is_taken_back() {
    let site = Site::open().await;
    let token = site.owner().await;
    let add = json!({ "path": demo(), "name": "demo" });
    site.post("/api/v1/models", &token, &add).await.expect(201);
    let path = "/api/v1/models/demo/llama";
    let usual = site.get(path, &token).await.expect(200).json();
    assert_eq!(usual["cache_numbers"], "f16");
    let own = json!({ "context_tokens": 256, "cache_numbers": "q8_0" });
    let set = site.put(path, &token, &own).await.expect(200).json();
    assert_eq!(
        (&set["context_tokens"], &set["mmap"]),
        (&json!(256), &json!(true))
    );
    let info = site
        .get("/api/v1/models/demo", &token)
        .await
        .expect(200)
        .json();
    assert_eq!(info["context_tokens"], 256);
    let torn = json!({ "cache_numbers": "q4_0", "flash_attention": "off" });
    site.put(path, &token, &torn).await.expect(422);
    site.delete(path, &token).await.expect(204);
    assert_eq!(site.get(path, &token).await.expect(200).json(), usual);
    let built_in = "/api/v1/models/karen-static/llama";
    site.put(built_in, &token, &own).await.expect(422);
    site.close().await;
}

#[tokio::test]
async fn the_command_packs_a_model_and_sets_how_it_runs() {
    let folder = tempfile::tempdir().expect("folder");
    let path = demo().display().to_string();
    let added = run(folder.path(), &["models", "add", &path]).await;
    assert!(added.status.success(), "{}", added.err);
    let packed = run(
        folder.path(),
        &["models", "quantize", "karen-demo", "q4_k_m"],
    )
    .await;
    assert!(packed.status.success(), "{}", packed.err);
    assert!(packed.out.contains("perplexity"), "{}", packed.out);
    assert!(
        packed.out.contains("made karen-demo-q4_k_m: gguf"),
        "{}",
        packed.out
    );
    let set = [
        "models",
        "set",
        "karen-demo",
        "--context-tokens",
        "128",
        "--mmap",
        "false",
    ];
    let set = run(folder.path(), &set).await;
    assert!(set.status.success(), "{}", set.err);
    assert!(set.out.contains("context 128,"), "{}", set.out);
    let shown = run(folder.path(), &["models", "set", "karen-demo"]).await;
    assert!(shown.out.contains("mmap false"), "{}", shown.out);
    let reset = run(folder.path(), &["models", "set", "karen-demo", "--reset"]).await;
    assert!(reset.out.contains("context as all"), "{}", reset.out);
}
