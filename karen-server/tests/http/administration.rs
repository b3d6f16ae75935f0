//! People, roles and tenants, as those who may administer them do.

use axum::http::HeaderValue;
use axum::http::header::IF_MATCH;
use karen_core::infer::{ModelName, Price};
use serde_json::{Value, json};

use crate::harness::{EMAIL, PASSWORD, Reply, Site, in_memory, json_request, text};
use crate::scripted;

const EVE: &str = "eve@example.org";

async fn id_of(site: &Site, owner: &str, email: &str) -> String {
    let users = site.get("/api/v1/users", owner).await.expect(200).json();
    let users = users["data"].as_array().expect("a list").clone();
    let found = users.iter().find(|user| user["email"] == email);
    text(&found.expect("an account")["id"])
}

async fn set_role(site: &Site, owner: &str, id: &str, role: &str, if_match: &str) -> Reply {
    let path = format!("/api/v1/users/{id}/role");
    let mut request = json_request("PUT", &path, owner, &json!({ "role": role }));
    let tag = HeaderValue::from_str(if_match).expect("a tag");
    request.headers_mut().insert(IF_MATCH, tag);
    site.whole(request).await
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_comes_back_when_enabled() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let path = format!("/api/v1/users/{}", id_of(&site, &owner, EVE).await);
    site.post(&format!("{path}/disable"), &owner, &json!({}))
        .await
        .expect(204);
    site.get("/api/v1/me", &eve).await.expect(401);
    let login = json!({ "email": EVE, "password": PASSWORD });
    site.post("/api/v1/auth/login", "", &login)
        .await
        .expect(401);
    site.post(&format!("{path}/enable"), &owner, &json!({}))
        .await
        .expect(204);
    site.log_in(EVE, PASSWORD).await;
    site.delete(&path, &owner).await.expect(200);
    site.get(&path, &owner).await.expect(404);
}

#[tokio::test]
async fn a_role_counts_at_the_next_request_and_meets_what_its_giver_saw() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let id = id_of(&site, &owner, EVE).await;
    let read = site
        .get(&format!("/api/v1/users/{id}"), &owner)
        .await
        .expect(200);
    let tag = read.header("etag").to_owned();
    let changed = set_role(&site, &owner, &id, "viewer", &tag)
        .await
        .expect(200);
    assert_eq!(changed.json()["role"], "viewer");
    assert_ne!(changed.header("etag"), tag);
    site.post("/api/v1/memory", &eve, &json!({ "text": "x" }))
        .await
        .expect(403);
    set_role(&site, &owner, &id, "admin", &tag)
        .await
        .expect(412);
    let still = site
        .get(&format!("/api/v1/users/{id}"), &owner)
        .await
        .json();
    assert_eq!(still["role"], "viewer");
}

#[tokio::test]
async fn a_tenant_makes_roles_of_its_own() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "viewer").await;
    let reader = json!({ "permissions": ["models:read"] });
    site.put("/api/v1/roles/reader", &owner, &reader)
        .await
        .expect(200);
    site.put("/api/v1/roles/owner", &owner, &reader)
        .await
        .expect(422);
    let id = id_of(&site, &owner, EVE).await;
    let assigned = set_role(&site, &owner, &id, "reader", "*")
        .await
        .expect(200);
    assert_eq!(assigned.json()["role"], "reader");
    site.get("/api/v1/models", &eve).await.expect(200);
    site.get("/api/v1/conversations", &eve).await.expect(403);
    site.delete("/api/v1/roles/reader", &owner)
        .await
        .expect(409);
    set_role(&site, &owner, &id, "member", "*")
        .await
        .expect(200);
    site.delete("/api/v1/roles/reader", &owner)
        .await
        .expect(204);
}

#[tokio::test]
async fn nobody_gives_a_role_that_may_do_more_than_they_may() {
    let site = Site::open().await;
    let owner = site.owner().await;
    site.joined(&owner, EVE, "member").await;
    let admin = site.joined(&owner, "bob@example.org", "admin").await;
    let id = id_of(&site, &owner, EVE).await;
    set_role(&site, &admin, &id, "owner", "*").await.expect(403);
    let own = id_of(&site, &owner, EMAIL).await;
    set_role(&site, &admin, &own, "viewer", "*")
        .await
        .expect(403);
    let invite = json!({ "email": "carol@example.org", "name": "Carol", "password": PASSWORD, "role": "owner" });
    site.post("/api/v1/users", &admin, &invite)
        .await
        .expect(403);
}

#[tokio::test]
async fn a_tenant_is_its_own_world_until_it_is_suspended() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wanted = json!({
        "name": "Analytical Engines",
        "owner": { "email": EVE, "name": "Eve", "password": PASSWORD },
    });
    let made = site
        .post("/api/v1/tenants", &owner, &wanted)
        .await
        .expect(201)
        .json();
    let (tenant, account) = (text(&made["tenant"]["id"]), text(&made["owner"]["id"]));
    let eve = site.log_in(EVE, PASSWORD).await;
    let users = site.get("/api/v1/users", &eve).await.expect(200).json();
    assert_eq!(users["data"].as_array().expect("a list").len(), 1);
    site.get(&format!("/api/v1/users/{account}"), &owner)
        .await
        .expect(404);
    site.get("/api/v1/tenants", &eve).await.expect(403);
    let path = format!("/api/v1/tenants/{tenant}");
    site.post(&format!("{path}/suspend"), &owner, &json!({}))
        .await
        .expect(204);
    site.get("/api/v1/me", &eve).await.expect(401);
    site.post(&format!("{path}/resume"), &owner, &json!({}))
        .await
        .expect(204);
    site.log_in(EVE, PASSWORD).await;
    let own = site
        .get("/api/v1/me/tenants", &owner)
        .await
        .expect(200)
        .json();
    assert_eq!(own["data"][0]["id"], "default");
    let switch = format!("/api/v1/me/tenants/{tenant}/switch");
    site.post(&switch, &owner, &json!({})).await.expect(404);
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    let site = Site::open().await;
    let owner = site.owner().await;
    for name in ["bob", "carol", "dora"] {
        site.joined(&owner, &format!("{name}@example.org"), "member")
            .await;
    }
    for path in ["/api/v1/users", "/api/v1/audit"] {
        let whole = site
            .get(&format!("{path}?limit=200"), &owner)
            .await
            .expect(200)
            .json();
        let whole = whole["data"].as_array().expect("a list").clone();
        let mut met: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = site
                .get(&format!("{path}?limit=2{cursor}"), &owner)
                .await
                .expect(200)
                .json();
            met.extend(page["data"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(met, whole, "{path}");
        for limit in ["0", "-1", "201", "18446744073709551616"] {
            site.get(&format!("{path}?limit={limit}"), &owner)
                .await
                .expect(422);
        }
        site.get(&format!("{path}?cursor=%00"), &owner)
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn an_account_from_elsewhere_logs_in_with_its_old_password() {
    let site = Site::open().await;
    let owner = site.owner().await;
    // bcrypt of "abcdefghijklmnopqrstuvwxyz", from the test vectors of the original implementation.
    let hash = "$2a$10$fVH8e28OQRj9tqiDXs1e1uxpsjN0c7II7YPKXua2NAKYvM6iQk7dq";
    let eve = json!({ "email": EVE, "name": "Eve", "password_hash": hash });
    site.post("/api/v1/users/import", &owner, &eve)
        .await
        .expect(201);
    site.log_in(EVE, "abcdefghijklmnopqrstuvwxyz").await;
    let dear = json!({ "email": "bob@example.org", "name": "Bob",
        "password_hash": hash.replace("$10$", "$31$") });
    site.post("/api/v1/users/import", &owner, &dear)
        .await
        .expect(422);
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_is_whole() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let log = site
        .get("/api/v1/audit?limit=200", &owner)
        .await
        .expect(200);
    assert!(!log.text().contains(PASSWORD) && !log.text().contains(EVE));
    let log = log.json();
    let entries = log["data"].as_array().expect("a list");
    let actions: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(actions, ["setup", "account.created", "login"]);
    let head = site
        .get("/api/v1/audit/verify", &owner)
        .await
        .expect(200)
        .json();
    assert_eq!(head["seq"], 3);
    assert_eq!(head["hash"], entries[2]["hash"]);
    site.get("/api/v1/audit", &eve).await.expect(403);
}

#[tokio::test]
async fn a_device_has_the_name_that_its_owner_gave_it() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let sessions = site.get("/api/v1/me/sessions", &owner).await.json();
    let path = format!("/api/v1/me/sessions/{}", text(&sessions["data"][0]["id"]));
    let name = json!({ "name": "The old laptop" });
    site.whole(json_request("PATCH", &path, &eve, &name))
        .await
        .expect(404);
    site.whole(json_request("PATCH", &path, &owner, &name))
        .await
        .expect(204);
    let sessions = site.get("/api/v1/me/sessions", &owner).await.json();
    assert_eq!(sessions["data"][0]["device"], "The old laptop");
}

#[tokio::test]
async fn logging_out_everywhere_leaves_no_session() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let other = site.log_in(EMAIL, PASSWORD).await;
    let out = site
        .post("/api/v1/auth/logout-all", &owner, &json!({}))
        .await
        .expect(204);
    assert!(out.header("clear-site-data").contains("storage"));
    for token in [owner, other] {
        site.get("/api/v1/me", &token).await.expect(401);
    }
}

#[tokio::test]
async fn a_tenant_uses_no_more_than_the_installation_lets_it() {
    let site = Site::open().await;
    scripted::add_free(&site.karen, &["Woof."]);
    let owner = site.owner().await;
    let wanted = json!({
        "name": "Analytical Engines",
        "owner": { "email": EVE, "name": "Eve", "password": PASSWORD },
    });
    let made = site.post("/api/v1/tenants", &owner, &wanted).await;
    let path = format!("/api/v1/tenants/{}", text(&made.json()["tenant"]["id"]));
    let limits = format!("{path}/limits");
    let (eve, one) = (
        site.log_in(EVE, PASSWORD).await,
        json!({
            "users": 1, "tokens_per_day": 1, "tokens_per_month": 0,
            "cost_micros_per_day": 0, "cost_micros_per_month": 0,
            "requests_per_minute": 0, "storage_mib": 0,
        }),
    );
    site.put(&limits, &eve, &one).await.expect(403);
    let limited = site.put(&limits, &owner, &one).await.expect(200);
    assert_eq!(limited.json()["limits"], one);
    let more = json!({ "email": "m@example.org", "name": "M", "password": PASSWORD });
    let full = site.post("/api/v1/users", &eve, &more).await.expect(429);
    assert_eq!(full.json()["code"], "QUOTA");
    let said = json!({ "message": "My dog is called Biscuit." });
    site.post("/api/v1/chat", &eve, &said).await.expect(200);
    let spent = site.post("/api/v1/chat", &eve, &said).await.expect(429);
    assert_eq!(spent.json()["code"], "QUOTA");
    site.post("/api/v1/chat", &owner, &said).await.expect(200);
    let own = site.get("/api/v1/tenant", &eve).await.expect(200).json();
    assert_eq!((&own["users"], &own["tenant"]["limits"]), (&json!(1), &one));
    assert!(own["day"]["tokens"].as_u64() > Some(0), "{own}");
    assert_eq!(own["day"]["turns"], 1);
    let none = json!({ "users": 0, "tokens_per_day": 0, "tokens_per_month": 0 });
    site.put(&limits, &owner, &none).await.expect(200);
    site.post("/api/v1/chat", &eve, &said).await.expect(200);
}

#[tokio::test]
async fn an_api_key_and_a_tenant_spend_no_more_money_than_they_may() {
    let mut config = in_memory();
    let price = Price {
        prompt_micros: 1_000_000,
        completion_micros: 1_000_000,
    };
    let name = ModelName::parse("scripted").expect("a name");
    config.models.prices.insert(name, price);
    let site = Site::with(config).await;
    scripted::add_free(&site.karen, &["Woof."]);
    let owner = site.owner().await;
    let named = json!({ "name": "script" });
    let made = site.post("/api/v1/api-keys", &owner, &named).await;
    let made = made.expect(201).json();
    let (key, id) = (text(&made["key"]), text(&made["id"]));
    assert_eq!(made["limits"]["cost_micros_per_day"], 0);

    let path = format!("/api/v1/api-keys/{id}/limits");
    let little = json!({ "cost_micros_per_day": 1 });
    site.put(&path, &key, &little).await.expect(403);
    site.put(&path, &owner, &little).await.expect(204);
    let listed = site
        .get("/api/v1/api-keys", &owner)
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"][0]["limits"]["cost_micros_per_day"], 1);

    // Seven tokens are read and one is written, at a millionth each.
    let question = json!({
        "model": "scripted",
        "messages": [{ "role": "user", "content": "Hello" }],
    });
    let ask = async |token: &str| site.post("/v1/chat/completions", token, &question).await;
    ask(&key).await.expect(200);
    let spent = ask(&key).await.expect(429).json();
    assert_eq!(spent["error"]["code"], "insufficient_quota", "{spent}");
    ask(&owner).await.expect(200);
    let said = json!({ "message": "My dog is called Biscuit." });
    let refused = site.post("/api/v1/chat", &key, &said).await.expect(429);
    assert_eq!(refused.json()["code"], "QUOTA");

    let own = site.get("/api/v1/tenant", &owner).await.expect(200).json();
    assert_eq!(own["day"]["cost_micros"], 16, "{own}");
    let limits = json!({
        "users": 0, "tokens_per_day": 0, "tokens_per_month": 0, "cost_micros_per_month": 16,
    });
    let path = format!("/api/v1/tenants/{}/limits", text(&own["tenant"]["id"]));
    site.put(&path, &owner, &limits).await.expect(200);
    ask(&owner).await.expect(429);
}

#[tokio::test]
async fn a_tenant_keeps_no_more_than_the_installation_lets_it() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wanted = json!({
        "name": "Analytical Engines",
        "owner": { "email": EVE, "name": "Eve", "password": PASSWORD },
    });
    let made = site.post("/api/v1/tenants", &owner, &wanted).await;
    let path = format!("/api/v1/tenants/{}", text(&made.json()["tenant"]["id"]));
    let one = json!({ "users": 0, "tokens_per_day": 0, "tokens_per_month": 0, "storage_mib": 1 });
    site.put(&format!("{path}/limits"), &owner, &one)
        .await
        .expect(200);
    let eve = site.log_in(EVE, PASSWORD).await;
    // Thirty kilobytes each, of words that no other has.
    let note = |number: usize| {
        let words = (0..5_000).map(|word| format!("{:05x} ", number * 5_000 + word));
        json!({ "text": words.collect::<String>() })
    };
    let mut kept = 0;
    let refused = loop {
        let reply = site.post("/api/v1/memory", &eve, &note(kept)).await;
        if reply.status != 201 {
            break reply.expect(429);
        }
        kept += 1;
    };
    assert_eq!(
        (kept, &refused.json()["code"]),
        (34, &json!("QUOTA")),
        "a mebibyte of them"
    );
    let said = json!({ "message": "word ".repeat(6000) });
    let refused = site.post("/api/v1/chat", &eve, &said).await.expect(429);
    assert!(text(&refused.json()["detail"]).contains("1 MiB"));
    let lines = json!({ "text": "My dog is called Biscuit." });
    site.post("/api/v1/memory", &owner, &lines)
        .await
        .expect(201);
    let own = site.get("/api/v1/tenant", &eve).await.expect(200).json();
    let stored = own["stored_bytes"].as_u64().expect("a number");
    assert!((1_000_000..1 << 20).contains(&stored), "{stored}");
}
