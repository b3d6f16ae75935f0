//! The audit log over HTTP: signed, compared, exported.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Site, text};

const VERIFY: &str = "/api/v1/audit/verify";

async fn checkpoint(site: &Site, token: &str) -> String {
    let signed = site.get("/api/v1/audit/checkpoint", token).await;
    text(&signed.expect(200).json()["checkpoint"])
}

#[tokio::test]
async fn a_checkpoint_that_was_kept_is_found_again_in_the_log() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let kept = checkpoint(&site, &owner).await;
    site.joined(&owner, "eve@example.org", "member").await;
    let body = json!({ "checkpoints": [kept, checkpoint(&site, &owner).await] });
    let head = site.post(VERIFY, &owner, &body).await.expect(200).json();
    assert!(head["seq"].as_u64() > Some(2), "{head}");
    let forged = json!({ "checkpoints": ["karen-audit-1 default 9 x 1 x x"] });
    site.post(VERIFY, &owner, &forged).await.expect(422);
    let elsewhere = Site::open().await;
    let stranger = elsewhere.owner().await;
    elsewhere.post(VERIFY, &stranger, &body).await.expect(422);
}

#[tokio::test]
async fn the_log_comes_as_lines_of_json_and_of_syslog() {
    let site = Site::open().await;
    let owner = site.owner().await;
    site.joined(&owner, "eve@example.org", "member").await;
    let lines = site.get("/api/v1/audit/export", &owner).await.expect(200);
    let actions: Vec<String> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|entry| text(&entry["action"]))
        .collect();
    assert_eq!(actions, ["setup", "account.created", "login"]);
    let syslog = "/api/v1/audit/export?format=syslog";
    let syslog = site.get(syslog, &owner).await.expect(200);
    assert_eq!(syslog.text().lines().count(), 3);
    for line in syslog.text().lines() {
        assert!(line.starts_with("<110>1 "), "{line}");
    }
    assert!(!syslog.text().contains(PASSWORD));
    let eve = site.log_in("eve@example.org", PASSWORD).await;
    site.get("/api/v1/audit/export", &eve).await.expect(403);
    site.get("/api/v1/audit/export?format=xml", &owner)
        .await
        .expect(422);
}
