//! Taking one's data along, and having it erased from every store.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Site, in_memory, text};

const EVE: &str = "eve@example.org";
const SAID: &str = "My wombat is called Quagmire.";

async fn exported(site: &Site, path: &str, token: &str) -> Vec<Value> {
    let reply = site.get(path, token).await.expect(200);
    let lines = reply.text().lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line"))
        .collect()
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = lines.iter().filter_map(|l| l["kind"].as_str()).collect();
    kinds.dedup();
    kinds
}

async fn say(site: &Site, token: &str) {
    let message = json!({ "message": SAID });
    site.post("/api/v1/chat", token, &message).await.expect(200);
}

/// Whether any file of the folder holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.flatten().any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, text),
        path => {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        }
    })
}

#[tokio::test]
async fn somebody_takes_everything_along_and_nothing_of_others() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    for token in [&owner, &eve] {
        say(&site, token).await;
    }
    let lines = exported(&site, "/api/v1/privacy/export", &eve).await;
    let id = text(&site.get("/api/v1/me", &eve).await.json()["account"]["id"]);
    assert!(lines.iter().all(|line| line["user"] == id.as_str()));
    for kind in [
        "account",
        "session",
        "wishes",
        "usage",
        "conversation",
        "message",
        "memory",
        "audit",
    ] {
        assert!(kinds(&lines).contains(&kind), "{kind}: {lines:?}");
    }
    let said = |line: &&Value| line["kind"] == "message" && line["content"] == SAID;
    assert_eq!(lines.iter().filter(said).count(), 1);
    assert!(!lines.iter().any(|line| line.to_string().contains(PASSWORD)));
    let key = json!({ "name": "k" });
    let key = site.post("/api/v1/api-keys", &eve, &key).await.json();
    let by_key = text(&key["key"]);
    site.get("/api/v1/privacy/export", &by_key)
        .await
        .expect(403);
}

#[tokio::test]
async fn what_is_erased_is_in_no_file_and_the_receipt_says_how_much_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = in_memory();
    config.data.folder = folder.path().join("data");
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    say(&site, &eve).await;
    assert!(holds(folder.path(), "Quagmire"));
    let receipt = site.post("/api/v1/privacy/erase", &eve, &json!({})).await;
    let receipt = receipt.expect(200).json();
    let erased = &receipt["erased"];
    assert_eq!(
        (&erased["accounts"], &erased["messages"]),
        (&json!(1), &json!(2))
    );
    assert!(erased["memories"].as_u64() > Some(0), "{receipt}");
    site.get("/api/v1/me", &eve).await.expect(401);
    let login = json!({ "email": EVE, "password": PASSWORD });
    site.post("/api/v1/auth/login", "", &login)
        .await
        .expect(401);
    assert!(!holds(folder.path(), "Quagmire"));
    let kept = site
        .get("/api/v1/privacy/receipts", &owner)
        .await
        .expect(200);
    assert_eq!(kept.json()["data"], json!([receipt]));
    site.get("/api/v1/audit/verify", &owner).await.expect(200);
    let page = format!(
        "/api/v1/audit?cursor={}",
        receipt["audit_seq"].as_u64().expect("a number") - 1
    );
    let entry = site.get(&page, &owner).await.json()["data"][0].clone();
    assert_eq!(entry["action"], "erased");
    assert_eq!(entry["hash"], receipt["audit_hash"]);
    site.close().await;
}

#[tokio::test]
async fn erasing_somebody_else_takes_power_over_them() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, EVE, "member").await;
    let ada = text(&site.get("/api/v1/me", &owner).await.json()["account"]["id"]);
    let bob = site.joined(&owner, "bob@example.org", "member").await;
    let id = text(&site.get("/api/v1/me", &bob).await.json()["account"]["id"]);
    for victim in [&ada, &id] {
        let path = format!("/api/v1/users/{victim}");
        site.delete(&path, &eve).await.expect(403);
    }
    let own = site.post("/api/v1/privacy/erase", &owner, &json!({})).await;
    own.expect(409);
    let path = format!("/api/v1/users/{id}");
    site.delete(&path, &owner).await.expect(200);
    site.get("/api/v1/me", &bob).await.expect(401);
    site.get("/api/v1/privacy/receipts", &eve).await.expect(403);
}

#[tokio::test]
async fn a_tenant_goes_with_everything_that_it_owns() {
    let site = Site::open().await;
    let owner = site.owner().await;
    say(&site, &owner).await;
    let wanted = json!({
        "name": "Analytical Engines",
        "owner": { "email": EVE, "name": "Eve", "password": PASSWORD },
    });
    let made = site.post("/api/v1/tenants", &owner, &wanted).await;
    let path = format!(
        "/api/v1/tenants/{}",
        text(&made.expect(201).json()["tenant"]["id"])
    );
    let eve = site.log_in(EVE, PASSWORD).await;
    say(&site, &eve).await;
    site.delete(&path, &eve).await.expect(403);
    site.get(&format!("{path}/export"), &eve).await.expect(403);
    let lines = exported(&site, &format!("{path}/export"), &owner).await;
    assert_eq!(kinds(&lines)[..2], ["tenant", "account"]);
    assert!(kinds(&lines).contains(&"message"));
    let receipt = site.delete(&path, &owner).await.expect(200).json();
    assert_eq!(receipt["account"], Value::Null);
    assert_eq!(receipt["erased"]["conversations"], 1);
    site.get("/api/v1/me", &eve).await.expect(401);
    site.delete(&path, &owner).await.expect(404);
    site.delete("/api/v1/tenants/default", &owner)
        .await
        .expect(409);
    let own = exported(&site, "/api/v1/privacy/export", &owner).await;
    assert!(kinds(&own).contains(&"message"), "other tenants stay whole");
}
