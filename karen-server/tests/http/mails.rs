//! What happens by way of a mail.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use karen_core::config::Config;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{EMAIL, PASSWORD, Site, in_memory, json_request};

const NEW_PASSWORD: &str = "a different long passphrase";

/// A server whose mails lie in a folder.
async fn site() -> (Site, TempDir) {
    let outbox = TempDir::new().expect("folder");
    let mut config: Config = in_memory();
    config.mail.folder = outbox.path().to_owned();
    config.server.public_url = "https://karen.example.com/".to_owned();
    (Site::with(config).await, outbox)
}

fn read(outbox: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(outbox).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| plain(&std::fs::read_to_string(path).expect("a mail")))
        .collect()
}

/// A mail with its text as a person reads it.
fn plain(mail: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").expect("a head and a body");
    if !head.contains("base64") {
        return mail.to_owned();
    }
    let body = STANDARD.decode(body.replace("\r\n", "")).expect("base64");
    format!("{head}\r\n\r\n{}", String::from_utf8(body).expect("text"))
}

/// The token of the last link of a kind that was mailed to somebody, when it has arrived.
async fn link(outbox: &TempDir, to: &str, purpose: &str) -> String {
    let marker = format!("#{purpose}=");
    loop {
        let mails = read(outbox.path());
        let to_them =
            |mail: &&String| mail.contains(&format!("To: {to}")) && mail.contains(&marker);
        if let Some(mail) = mails.iter().rev().find(to_them) {
            let (_, token) = mail.split_once(&marker).expect("found");
            return token.split_whitespace().next().expect("a token").to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_and_ends_every_session() {
    let (site, outbox) = site().await;
    let owner = site.owner().await;
    let forgot = json!({ "email": EMAIL });
    site.post("/api/v1/auth/password/forgot", "", &forgot)
        .await
        .expect(202);
    let token = link(&outbox, EMAIL, "reset").await;
    let short = json!({ "token": token, "new_password": "short" });
    site.post("/api/v1/auth/password/reset", "", &short)
        .await
        .expect(422);
    let reset = json!({ "token": token, "new_password": NEW_PASSWORD });
    site.post("/api/v1/auth/password/reset", "", &reset)
        .await
        .expect(204);
    site.get("/api/v1/me", &owner).await.expect(401);
    site.log_in(EMAIL, NEW_PASSWORD).await;
    site.post("/api/v1/auth/password/reset", "", &reset)
        .await
        .expect(404);
}

#[tokio::test]
async fn whether_an_account_exists_is_not_told_by_a_mail_that_is_asked_for() {
    let (site, _outbox) = site().await;
    site.owner().await;
    for path in [
        "/api/v1/auth/password/forgot",
        "/api/v1/auth/recovery/request",
    ] {
        let known = site.post(path, "", &json!({ "email": EMAIL })).await;
        let unknown = json!({ "email": "nobody@example.org" });
        let unknown = site.post(path, "", &unknown).await;
        assert_eq!((known.status, known.bytes), (202, unknown.bytes), "{path}");
        assert_eq!(unknown.status, 202, "{path}");
    }
}

#[tokio::test]
async fn who_is_invited_gets_an_account_with_the_role_that_was_meant() {
    let (site, outbox) = site().await;
    let owner = site.owner().await;
    let invited = json!({ "email": "eve@example.org", "role": "viewer" });
    site.post("/api/v1/invitations", &owner, &invited)
        .await
        .expect(201);
    let waiting = site.get("/api/v1/invitations", &owner).await.json();
    assert_eq!(waiting["data"][0]["role"], "viewer");
    let token = link(&outbox, "eve@example.org", "invitation").await;
    let accept = json!({ "token": token, "name": "Eve", "password": PASSWORD });
    let made = site
        .post("/api/v1/auth/invitation", "", &accept)
        .await
        .expect(201)
        .json();
    assert_eq!(made["role"], "viewer");
    let waiting = site.get("/api/v1/invitations", &owner).await.json();
    assert_eq!(waiting["data"], json!([]));
    site.log_in("eve@example.org", PASSWORD).await;
    site.post("/api/v1/auth/invitation", "", &accept)
        .await
        .expect(404);
}

#[tokio::test]
async fn an_invitation_that_was_revoked_opens_nothing() {
    let (site, outbox) = site().await;
    let owner = site.owner().await;
    let invited = json!({ "email": "eve@example.org" });
    let made = site.post("/api/v1/invitations", &owner, &invited).await;
    let id = made.expect(201).json()["id"]
        .as_str()
        .expect("id")
        .to_owned();
    let token = link(&outbox, "eve@example.org", "invitation").await;
    let path = format!("/api/v1/invitations/{id}");
    site.delete(&path, &owner).await.expect(204);
    let accept = json!({ "token": token, "name": "Eve", "password": PASSWORD });
    site.post("/api/v1/auth/invitation", "", &accept)
        .await
        .expect(404);
}

#[tokio::test]
async fn a_new_address_counts_when_its_owner_has_followed_the_link() {
    let (site, outbox) = site().await;
    let owner = site.owner().await;
    let change = json!({ "email": "countess@example.org" });
    site.post("/api/v1/me/email", &owner, &change)
        .await
        .expect(202);
    let before = site.get("/api/v1/me", &owner).await.json();
    assert_eq!(before["account"]["email"], EMAIL);
    let token = link(&outbox, "countess@example.org", "verify").await;
    site.post("/api/v1/auth/email/verify", "", &json!({ "token": token }))
        .await
        .expect(204);
    site.log_in("countess@example.org", PASSWORD).await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    site.post("/api/v1/auth/login", "", &login)
        .await
        .expect(401);
}

#[tokio::test]
async fn without_mail_links_are_not_promised() {
    let mut config = in_memory();
    config.mail.transport = karen_core::config::MailTransport::None;
    let site = Site::with(config).await;
    let forgot = json!({ "email": EMAIL });
    let reply = site.post("/api/v1/auth/password/forgot", "", &forgot).await;
    assert_eq!(reply.expect(503).json()["code"], "UNAVAILABLE");
    let odd = json_request("POST", "/api/v1/auth/password/forgot", "", &json!({}));
    site.whole(odd).await.expect(422);
}
