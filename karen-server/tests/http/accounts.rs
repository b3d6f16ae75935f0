use axum::body::Body;
use axum::http::header::{COOKIE, ORIGIN};
use serde_json::json;

use crate::harness::{EMAIL, PASSWORD, Reply, Site, json_request, request, text};

/// What a browser would send back.
fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie");
    set.split(';').next().expect("name and value").to_owned()
}

async fn refresh(site: &Site, cookie: &str) -> Reply {
    let mut request = request("POST", "/api/v1/auth/refresh", "", Body::empty());
    request
        .headers_mut()
        .insert(COOKIE, cookie.parse().expect("cookie"));
    site.whole(request).await
}

#[tokio::test]
async fn an_account_is_made_once_and_logs_in_and_out() {
    let site = Site::open().await;
    assert_eq!(site.get("/api/v1/setup", "").await.json()["needed"], true);
    let token = site
        .karen
        .auth()
        .setup_token()
        .await
        .expect("asked")
        .expect("first run");
    let again = json!({
        "setup_token": token.expose(), "email": "eve@example.org", "name": "Eve",
        "password": PASSWORD,
    });
    let made = site.set_up().await.expect(201);
    assert_eq!(made.json()["account"]["role"], "owner");
    assert_eq!(site.get("/api/v1/setup", "").await.json()["needed"], false);
    site.post("/api/v1/setup", "", &again).await.expect(409);

    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let signed = site
        .post("/api/v1/auth/login", "", &login)
        .await
        .expect(200);
    assert_eq!(signed.header("cache-control"), "no-store");
    let access = text(&signed.json()["access_token"]);
    let me = site.get("/api/v1/me", &access).await.expect(200).json();
    assert_eq!(me["account"]["email"], EMAIL);

    let set = signed.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/auth"] {
        assert!(set.contains(part), "{set}");
    }
    let refreshed = refresh(&site, &cookie(&signed)).await.expect(200);
    let access = text(&refreshed.json()["access_token"]);

    let out = site
        .post("/api/v1/auth/logout", &access, &json!({}))
        .await
        .expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    site.get("/api/v1/me", &access).await.expect(401);
    refresh(&site, &cookie(&refreshed)).await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_saying_why() {
    let site = Site::open().await;
    site.owner().await;
    let wrong = json!({ "email": EMAIL, "password": "not the right password" });
    let unknown = json!({ "email": "nobody@example.org", "password": PASSWORD });
    let wrong = site
        .post("/api/v1/auth/login", "", &wrong)
        .await
        .expect(401)
        .json();
    let unknown = site
        .post("/api/v1/auth/login", "", &unknown)
        .await
        .expect(401)
        .json();
    assert_eq!(wrong["detail"], unknown["detail"]);
}

#[tokio::test]
async fn registration_is_closed_unless_it_is_opened() {
    let site = Site::open().await;
    let account = json!({ "email": "eve@example.org", "name": "Eve", "password": PASSWORD });
    site.post("/api/v1/auth/register", "", &account)
        .await
        .expect(403);
}

#[tokio::test]
async fn another_site_cannot_use_the_cookie() {
    let site = Site::open().await;
    let signed = site.set_up().await;
    let mut foreign = request("POST", "/api/v1/auth/refresh", "", Body::empty());
    foreign
        .headers_mut()
        .insert(COOKIE, cookie(&signed).parse().expect("cookie"));
    foreign
        .headers_mut()
        .insert(ORIGIN, "https://evil.example".parse().expect("origin"));
    let reply = site.whole(foreign).await.expect(403);
    assert_eq!(reply.json()["code"], "FORBIDDEN");
    refresh(&site, &cookie(&signed)).await.expect(200);
}

#[tokio::test]
async fn an_api_key_works_until_it_is_revoked() {
    let site = Site::open().await;
    let token = site.owner().await;
    let wanted = json!({ "name": "script", "permissions": ["models:read"] });
    let made = site
        .post("/api/v1/api-keys", &token, &wanted)
        .await
        .expect(201)
        .json();
    let key = text(&made["key"]);
    site.get("/api/v1/models", &key).await.expect(200);
    site.get("/api/v1/memory", &key).await.expect(403);
    let listed = site.get("/api/v1/api-keys", &token).await.json();
    assert!(!listed.to_string().contains(&key));
    let path = format!("/api/v1/api-keys/{}", text(&made["id"]));
    site.delete(&path, &token).await.expect(204);
    site.get("/api/v1/models", &key).await.expect(401);
}

#[tokio::test]
async fn a_session_that_is_revoked_is_over_at_once() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let other = text(&site.post("/api/v1/auth/login", "", &login).await.json()["access_token"]);
    let sessions = site.get("/api/v1/me/sessions", &owner).await.json();
    let sessions = sessions["data"].as_array().expect("list").clone();
    let not_mine = sessions
        .iter()
        .find(|session| session["current"] == false)
        .expect("other");
    let path = format!("/api/v1/me/sessions/{}", text(&not_mine["id"]));
    site.delete(&path, &owner).await.expect(204);
    site.get("/api/v1/me", &other).await.expect(401);
    site.get("/api/v1/me", &owner).await.expect(200);
}

#[tokio::test]
async fn a_changed_password_is_the_one_that_counts() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let new = "a different long passphrase";
    let change = json!({ "current_password": PASSWORD, "new_password": new });
    site.whole(json_request("PUT", "/api/v1/me/password", &owner, &change))
        .await
        .expect(204);
    let old = json!({ "email": EMAIL, "password": PASSWORD });
    site.post("/api/v1/auth/login", "", &old).await.expect(401);
    let new = json!({ "email": EMAIL, "password": new });
    site.post("/api/v1/auth/login", "", &new).await.expect(200);
}

#[tokio::test]
async fn the_owner_makes_accounts_for_others() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let eve = json!({ "email": "eve@example.org", "name": "Eve", "password": PASSWORD });
    let made = site
        .post("/api/v1/users", &owner, &eve)
        .await
        .expect(201)
        .json();
    assert_eq!(made["role"], "member");
    let login = json!({ "email": "eve@example.org", "password": PASSWORD });
    let signed = site
        .post("/api/v1/auth/login", "", &login)
        .await
        .expect(200)
        .json();
    let member = text(&signed["access_token"]);
    site.get("/api/v1/users", &member).await.expect(403);
    let users = site.get("/api/v1/users", &owner).await.expect(200).json();
    assert_eq!(users["data"].as_array().expect("list").len(), 2);
}
