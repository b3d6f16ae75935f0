use serde_json::json;

use crate::harness::{PASSWORD, Site, text};

#[tokio::test]
async fn what_is_remembered_is_listed_found_and_forgotten() {
    let site = Site::open().await;
    let token = site.owner().await;
    let note = json!({ "text": "My dog is called Biscuit.", "tags": ["pets"] });
    let kept = site
        .post("/api/v1/memory", &token, &note)
        .await
        .expect(201)
        .json();
    assert_eq!(kept["stored"], true);
    let path = format!("/api/v1/memory/{}", text(&kept["id"]));
    let one = site.get(&path, &token).await.expect(200).json();
    assert_eq!((&one["text"], &one["tags"]), (&note["text"], &note["tags"]));
    let query = json!({ "query": "What is my dog called?" });
    let found = site
        .post("/api/v1/memory/search", &token, &query)
        .await
        .expect(200)
        .json();
    assert_eq!(found["data"][0]["id"], kept["id"]);
    site.delete(&path, &token).await.expect(204);
    site.get(&path, &token).await.expect(404);
    let found = site
        .post("/api/v1/memory/search", &token, &query)
        .await
        .expect(200)
        .json();
    assert_eq!(found["data"], json!([]));
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let site = Site::open().await;
    let token = site.owner().await;
    for n in 0..5 {
        let note = json!({ "text": format!("Note number {n} is about topic {n}.") });
        site.post("/api/v1/memory", &token, &note).await.expect(201);
    }
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site
            .get(&format!("/api/v1/memory?limit=2{cursor}"), &token)
            .await
            .expect(200);
        let page = page.json();
        texts.extend(
            page["data"]
                .as_array()
                .expect("list")
                .iter()
                .map(|m| text(&m["text"])),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<String> = (0..5)
        .rev()
        .map(|n| format!("Note number {n} is about topic {n}."))
        .collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn nobody_sees_the_memories_of_another() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = json!({ "email": "eve@example.org", "name": "Eve", "password": PASSWORD });
    site.post("/api/v1/users", &owner, &eve).await.expect(201);
    let login = json!({ "email": "eve@example.org", "password": PASSWORD });
    let eve = text(&site.post("/api/v1/auth/login", "", &login).await.json()["access_token"]);
    let note = json!({ "text": "My dog is called Biscuit." });
    let kept = site
        .post("/api/v1/memory", &owner, &note)
        .await
        .expect(201)
        .json();
    let path = format!("/api/v1/memory/{}", text(&kept["id"]));
    site.get(&path, &eve).await.expect(404);
    site.delete(&path, &eve).await;
    assert_eq!(
        site.delete("/api/v1/memory", &eve).await.expect(200).json()["forgotten"],
        0
    );
    site.get(&path, &owner).await.expect(200);
    let all = site
        .delete("/api/v1/memory", &owner)
        .await
        .expect(200)
        .json();
    assert_eq!(all["forgotten"], 1);
}

#[tokio::test]
async fn an_import_is_taken_over_once() {
    let site = Site::open().await;
    let token = site.owner().await;
    let lines = "{\"role\":\"user\",\"content\":\"My cat is called Olive.\"}\n\
                 {\"role\":\"assistant\",\"content\":\"A fine name.\"}";
    let import = || {
        let mut request =
            crate::harness::request("POST", "/api/v1/import", &token, lines.to_owned().into());
        let kind = "application/x-ndjson".parse().expect("type");
        request.headers_mut().insert("content-type", kind);
        request
    };
    let first = site.whole(import()).await.expect(200).json();
    assert_eq!(
        first,
        json!({ "conversations": 1, "messages": 2, "skipped": 0 })
    );
    let second = site.whole(import()).await.expect(200).json();
    assert_eq!(
        second,
        json!({ "conversations": 0, "messages": 0, "skipped": 1 })
    );
    let mut watched = import();
    watched
        .headers_mut()
        .insert("accept", "text/event-stream".parse().expect("type"));
    let events = crate::harness::events(site.whole(watched).await.expect(200).text());
    let kinds: Vec<&str> = events.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["progress", "imported"]);
}

#[tokio::test]
async fn reports_and_questions_see_what_their_asker_may() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, "eve@example.org", "member").await;
    for (token, note) in [
        (&owner, "My dog is called Biscuit."),
        (&owner, "The barn needs paint."),
        (&eve, "The boat is red."),
    ] {
        let note = json!({ "text": note });
        site.post("/api/v1/memory", token, &note).await.expect(201);
    }
    let query = json!({ "query": "What is my dog called?" });
    site.post("/api/v1/memory/search", &owner, &query)
        .await
        .expect(200);
    let reports = site
        .get("/api/v1/memory/reports", &eve)
        .await
        .expect(200)
        .json();
    let names: Vec<String> = reports["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| text(&r["name"]))
        .collect();
    for name in &names {
        let path = format!("/api/v1/memory/reports/{name}");
        let answer = site.get(&path, &owner).await.expect(200).json();
        assert_eq!(
            (&answer["truncated"], &answer["behind"]),
            (&json!(false), &json!(0)),
            "{name}"
        );
    }
    let recalls = site
        .get("/api/v1/memory/reports/recalls", &owner)
        .await
        .expect(200)
        .json();
    assert_eq!(recalls["columns"][3], "hit_rate");
    assert_eq!(recalls["rows"][0][3], 1.0);
    let count = |of: &str| json!({ "sql": "SELECT count(*) AS n FROM memories", "of": of });
    let ask =
        async |token: &str, of: &str| site.post("/api/v1/memory/query", token, &count(of)).await;
    assert_eq!(
        ask(&eve, "user").await.expect(200).json()["rows"],
        json!([[1]])
    );
    assert_eq!(
        ask(&owner, "tenant").await.expect(200).json()["rows"],
        json!([[3]])
    );
    ask(&eve, "tenant").await.expect(403);
    site.get("/api/v1/memory/reports/standing?of=tenant", &eve)
        .await
        .expect(403);
    site.get("/api/v1/memory/reports/nothing", &owner)
        .await
        .expect(404);
    for sql in [
        "SELECT * FROM read_text('/etc/hostname')",
        "DROP TABLE memories",
        "SELECT nothing FROM memories",
    ] {
        let problem = site
            .post("/api/v1/memory/query", &owner, &json!({ "sql": sql }))
            .await;
        assert_eq!(
            problem.expect(422).json()["code"],
            "INVALID_ARGUMENT",
            "{sql}"
        );
    }
}
