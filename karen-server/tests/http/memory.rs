//! What becomes of memories over HTTP.

use serde_json::{Value, json};

use crate::harness::{Site, json_request, request, text};

#[tokio::test]
async fn a_memory_is_corrected_pinned_and_its_past_is_shown() {
    let site = Site::open().await;
    let token = site.owner().await;
    let id = remember(&site, &token, &json!({ "text": "The boat is red." })).await;
    let path = format!("/api/v1/memory/{id}");
    let patch = json!({ "text": "The boat is green.", "pinned": true, "importance": 0.9 });
    let corrected = site
        .whole(json_request("PATCH", &path, &token, &patch))
        .await
        .expect(200)
        .json();
    assert_eq!(corrected["text"], "The boat is green.");
    assert_eq!(
        (&corrected["pinned"], &corrected["tier"]),
        (&json!(true), &json!("pinned"))
    );
    let history = site
        .get(&format!("{path}/history"), &token)
        .await
        .expect(200)
        .json();
    assert_eq!(history["data"][0]["change"], "edited");
    assert_eq!(history["data"][0]["memory"]["text"], "The boat is red.");
    let all = site
        .get(&format!("{path}/inspect"), &token)
        .await
        .expect(200)
        .json();
    assert_eq!(all["memory"], corrected);
    assert_eq!(all["history"], history["data"]);
    let wrong = json!({ "feedback": "wrong" });
    let retired = site
        .post(&format!("{path}/feedback"), &token, &wrong)
        .await
        .expect(200);
    assert!(retired.json()["retired_at"].is_i64());
    let found = search(&site, &token, &json!({ "query": "green boat" })).await;
    assert_eq!(found["data"], json!([]));
    let bad = json!({ "importance": 2.0 });
    let refused = site
        .whole(json_request("PATCH", &path, &token, &bad))
        .await
        .expect(422);
    assert_eq!(refused.json()["code"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn what_took_the_place_of_a_fact_is_told_and_the_past_can_be_asked_for() {
    let site = Site::open().await;
    let token = site.owner().await;
    let old = json!({ "text": "I live in Paris.", "at": 1_000 });
    let old = remember(&site, &token, &old).await;
    let new = json!({ "text": "I live in Oslo.", "at": 2_000 });
    let kept = site
        .post("/api/v1/memory", &token, &new)
        .await
        .expect(201)
        .json();
    assert_eq!(kept["supersedes"], json!([old]));
    let facts = async |query: &str| {
        let page = site
            .get(&format!("/api/v1/memory/facts{query}"), &token)
            .await
            .expect(200);
        let page = page.json();
        let data = page["data"].as_array().expect("list").iter();
        data.map(|memory| text(&memory["text"])).collect::<Vec<_>>()
    };
    assert_eq!(facts("").await, ["I live in Oslo."]);
    assert_eq!(facts("?valid_at=1500").await, ["I live in Paris."]);
    let now = search(&site, &token, &json!({ "query": "Where do I live?" })).await;
    assert_eq!(now["data"][0]["text"], "I live in Oslo.");
    assert_eq!(now["data"].as_array().expect("list").len(), 1);
    let then = json!({
        "query": "Where do I live?", "as_of": { "valid": 1_500, "known": 9_000_000_000_000_i64 },
    });
    let then = search(&site, &token, &then).await;
    assert_eq!(then["data"][0]["text"], "I live in Paris.");
}

#[tokio::test]
async fn a_search_narrows_packs_and_says_why() {
    let site = Site::open().await;
    let token = site.owner().await;
    let batch = json!({ "memories": [
        { "text": "The red boat sails.", "tags": ["sea"], "importance": 0.9 },
        { "text": "The red barn burns.", "tags": ["land"] },
        { "text": "Always answer in rhyme.", "kind": "instruction" },
    ] });
    let kept = site
        .post("/api/v1/memory/batch", &token, &batch)
        .await
        .expect(201)
        .json();
    assert_eq!(kept["data"].as_array().expect("list").len(), 3);
    let query =
        json!({ "query": "red", "tags": ["sea"], "importance_min": 0.8, "pack_tokens": 100 });
    let found = search(&site, &token, &query).await;
    let data = found["data"].as_array().expect("list");
    assert_eq!(data.len(), 1);
    assert_eq!(data[0]["text"], "The red boat sails.");
    assert_eq!(data[0]["terms"], json!(["red"]));
    assert!(!data[0]["channels"].as_array().expect("list").is_empty());
    assert_eq!(found["instructions"][0]["text"], "Always answer in rhyme.");
    let pack = text(&found["pack"]["text"]);
    assert!(
        pack.contains("rhyme") && pack.contains("boat") && !pack.contains("barn"),
        "{pack}"
    );
    let second = search(
        &site,
        &token,
        &json!({ "query": "red", "limit": 1, "skip": 1 }),
    )
    .await;
    assert_eq!(second["data"].as_array().expect("list").len(), 1);
    for wrong in [
        json!({ "query": "red", "limit": 0 }),
        json!({ "query": "red", "skip": 1001 }),
        json!({ "query": "red", "kinds": ["rumour"] }),
    ] {
        site.post("/api/v1/memory/search", &token, &wrong)
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn a_write_with_a_key_happens_once() {
    let site = Site::open().await;
    let token = site.owner().await;
    let send = async |text: &str| {
        let note = json!({ "text": text });
        let mut request = json_request("POST", "/api/v1/memory", &token, &note);
        let key = "write-1".parse().expect("header");
        request.headers_mut().insert("idempotency-key", key);
        site.whole(request).await
    };
    let first = send("The boat is red.").await.expect(201).json();
    assert_eq!(send("The boat is red.").await.expect(201).json(), first);
    let other = send("Ships carry grain.").await.expect(409).json();
    assert_eq!(other["code"], "CONFLICT");
}

#[tokio::test]
async fn nothing_is_kept_against_a_wish() {
    let site = Site::open().await;
    let token = site.owner().await;
    let wish = |remember: bool| json!({ "remember": remember });
    let path = "/api/v1/memory/consent";
    let decide = async |remember| {
        let request = json_request("PUT", path, &token, &wish(remember));
        site.whole(request).await.expect(200).json()
    };
    assert_eq!(site.get(path, &token).await.expect(200).json(), wish(true));
    assert_eq!(decide(false).await, wish(false));
    let note = json!({ "text": "The boat is red." });
    let refused = site
        .post("/api/v1/memory", &token, &note)
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&refused["stored"], &refused["refusal"]),
        (&json!(false), &json!("consent"))
    );
    assert_eq!(decide(true).await, wish(true));
    let kept = site
        .post("/api/v1/memory", &token, &note)
        .await
        .expect(201)
        .json();
    assert_eq!(kept["stored"], true);
}

#[tokio::test]
async fn retention_is_decided_and_cleaning_up_acts_on_it() {
    let site = Site::open().await;
    let token = site.owner().await;
    let id = remember(&site, &token, &json!({ "text": "The boat is red." })).await;
    let wish = json!({ "short_days": 1, "medium_days": 0, "long_days": null, "grace_days": 7 });
    let path = "/api/v1/memory/retention";
    let decided = site
        .whole(json_request("PUT", path, &token, &wish))
        .await
        .expect(200);
    assert_eq!(decided.json(), wish);
    let done = site
        .post("/api/v1/memory/clean-up", &token, &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(done, json!({ "archived": 1, "purged": 0 }));
    let found = search(&site, &token, &json!({ "query": "red boat" })).await;
    assert_eq!(found["data"], json!([]));
    let restored = site
        .post(&format!("/api/v1/memory/{id}/restore"), &token, &json!({}))
        .await
        .expect(200);
    assert_eq!(restored.json()["archived_at"], json!(null));
    let stats = site
        .get("/api/v1/memory/stats", &token)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&stats["memories"], &stats["archived"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn an_export_is_imported_elsewhere_byte_for_byte_and_an_erasure_leaves_nothing() {
    let site = Site::open().await;
    let token = site.owner().await;
    let notes = (0..450).map(|n| json!({ "text": format!("Fact number {n} concerns topic {n}.") }));
    let batch = json!({ "memories": notes.collect::<Vec<_>>() });
    site.post("/api/v1/memory/batch", &token, &batch)
        .await
        .expect(201);
    let exported = site.get("/api/v1/memory/export", &token).await.expect(200);
    assert_eq!(exported.header("content-type"), "application/x-ndjson");
    assert_eq!(exported.text().lines().count(), 450);
    let elsewhere = Site::open().await;
    let theirs = elsewhere.owner().await;
    let import = async |lines: String| {
        let mut request = request("POST", "/api/v1/memory/import", &theirs, lines.into());
        let kind = "application/x-ndjson".parse().expect("type");
        request.headers_mut().insert("content-type", kind);
        elsewhere.whole(request).await
    };
    let lines = exported.text().to_owned();
    import(format!("{lines}no json\n")).await.expect(422);
    let imported = import(lines.clone()).await.expect(200).json();
    assert_eq!(imported, json!({ "stored": 450, "known": 0 }));
    assert_eq!(import(lines.clone()).await.expect(200).json()["known"], 450);
    let again = elsewhere
        .get("/api/v1/memory/export", &theirs)
        .await
        .expect(200);
    assert!(again.text() == lines, "the bytes differ");
    let erased = site
        .post("/api/v1/memory/erase", &token, &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(erased["forgotten"], 450);
    assert_eq!(
        site.get("/api/v1/memory/export", &token)
            .await
            .expect(200)
            .text(),
        ""
    );
}

#[tokio::test]
async fn what_notes_have_in_common_is_added_once() {
    let site = Site::open().await;
    let token = site.owner().await;
    for note in [
        "The harbour crane needs oil every Monday morning.",
        "The harbour crane needs oil every Monday evening.",
        "The harbour crane needs oil every Monday at noon.",
    ] {
        remember(&site, &token, &json!({ "text": note })).await;
    }
    let path = "/api/v1/memory/consolidate";
    let done = site.post(path, &token, &json!({})).await.expect(200).json();
    assert_eq!((&done["examined"], &done["added"]), (&json!(3), &json!(1)));
    let again = site.post(path, &token, &json!({})).await.expect(200).json();
    assert_eq!(again["added"], 0);
    let page = site
        .get("/api/v1/memory?kind=summary", &token)
        .await
        .expect(200)
        .json();
    let summary = text(&page["data"][0]["id"]);
    let known = site
        .get(&format!("/api/v1/memory/{summary}/inspect"), &token)
        .await
        .expect(200);
    let known = known.json();
    assert_eq!(known["links"].as_array().expect("list").len(), 3);
    assert_eq!(known["links"][0]["relation"], "evidence");
}

#[tokio::test]
async fn a_conversation_has_memories_of_its_own() {
    let site = Site::open().await;
    let token = site.owner().await;
    let conversation = site
        .post(
            "/api/v1/conversations",
            &token,
            &json!({ "title": "Boats" }),
        )
        .await
        .expect(201)
        .json();
    let id = text(&conversation["id"]);
    remember(
        &site,
        &token,
        &json!({ "text": "The red boat sails.", "conversation": id }),
    )
    .await;
    remember(&site, &token, &json!({ "text": "The red barn burns." })).await;
    let here = json!({ "query": "red", "conversation": id });
    let found = search(&site, &token, &here).await;
    let data = found["data"].as_array().expect("list");
    assert_eq!(data.len(), 1);
    assert_eq!(data[0]["conversation"], id);
    let listed = site
        .get(&format!("/api/v1/memory?conversation={id}"), &token)
        .await
        .expect(200);
    assert_eq!(listed.json()["data"].as_array().expect("list").len(), 1);
}

async fn remember(site: &Site, token: &str, note: &Value) -> String {
    text(
        &site
            .post("/api/v1/memory", token, note)
            .await
            .expect(201)
            .json()["id"],
    )
}

async fn search(site: &Site, token: &str, query: &Value) -> Value {
    let found = site.post("/api/v1/memory/search", token, query).await;
    found.expect(200).json()
}
