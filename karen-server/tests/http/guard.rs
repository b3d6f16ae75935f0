//! What stands around every route.

use axum::body::Body;
use axum::http::HeaderValue;
use karen_core::config::PlanSettings;
use serde_json::json;

use crate::harness::{EMAIL, PASSWORD, Reply, Site, in_memory, request, text};

async fn with_header(site: &Site, path: &str, token: &str, header: (&'static str, &str)) -> Reply {
    let mut request = request("GET", path, token, Body::empty());
    let value = HeaderValue::from_str(header.1).expect("a value");
    request.headers_mut().insert(header.0, value);
    site.whole(request).await
}

#[tokio::test]
async fn who_asks_too_often_waits_and_others_do_not() {
    let mut config = in_memory();
    config.limits.user_requests_per_minute = 3;
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let eve = site.joined(&owner, "eve@example.org", "member").await;
    for left in ["1", "0"] {
        let reply = site.get("/api/v1/me", &owner).await.expect(200);
        let standing = reply.header("ratelimit");
        assert!(
            standing.starts_with(&format!("\"user\";r={left};t=")),
            "{standing}"
        );
        assert_eq!(reply.header("ratelimit-policy"), "\"user\";q=3;w=60");
    }
    let refused = site.get("/api/v1/me", &owner).await.expect(429);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.json()["code"], "RATE_LIMITED");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    site.get("/api/v1/me", &eve).await.expect(200);
    site.get("/livez", "").await.expect(200);
}

#[tokio::test]
async fn exactly_as_many_calls_get_through_as_the_limit_says() {
    let mut config = in_memory();
    config.limits.tenant_requests_per_minute = 20;
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let calls = (0..64).map(|_| site.get("/api/v1/me", &owner));
    let replies = futures::future::join_all(calls).await;
    let through = replies.iter().filter(|reply| reply.status == 200).count();
    // One comes back every three seconds, and answering 64 calls may take as long.
    assert!((20..=21).contains(&through), "{through}");
}

#[tokio::test]
async fn a_tenant_asks_as_often_as_its_plan_says_and_others_are_not_kept_waiting() {
    let mut config = in_memory();
    let small = PlanSettings {
        requests_per_minute: 4,
        ..PlanSettings::default()
    };
    config.tenants.plans.insert("small".to_owned(), small);
    let site = Site::with(config).await;
    let owner = site.owner().await;
    let eve = json!({ "email": "eve@example.net", "name": "Eve", "password": PASSWORD });
    let wanted = json!({ "name": "Analytical Engines", "owner": eve });
    let made = site.post("/api/v1/tenants", &owner, &wanted).await.json();
    let plan = format!("/api/v1/tenants/{}/plan", text(&made["tenant"]["id"]));
    let plans = site.get("/api/v1/plans", &owner).await.expect(200).json();
    assert_eq!(plans["data"][0]["name"], "small");
    site.put(&plan, &owner, &json!({ "plan": "large" }))
        .await
        .expect(404);
    site.put(&plan, &owner, &json!({ "plan": "Not a name" }))
        .await
        .expect(422);
    let small = site.put(&plan, &owner, &json!({ "plan": "small" })).await;
    assert_eq!(small.expect(200).json()["limits"]["requests_per_minute"], 4);
    let eve = site.log_in("eve@example.net", PASSWORD).await;
    site.put(&plan, &eve, &json!({ "plan": "small" }))
        .await
        .expect(403);
    for _ in 0..3 {
        let reply = site.get("/api/v1/me", &eve).await.expect(200);
        assert!(reply.header("ratelimit-policy").contains("\"tenant\";q=4"));
    }
    let refused = site.get("/api/v1/me", &eve).await.expect(429);
    assert!(text(&refused.json()["detail"]).contains("of your tenant"));
    site.get("/api/v1/me", &owner).await.expect(200);
}

#[tokio::test]
async fn a_made_up_address_does_not_escape_the_limit_of_logins() {
    let mut config = in_memory();
    config.limits.open_requests_per_minute = 2;
    let site = Site::with(config).await;
    for (address, status) in [
        ("198.51.100.1", 200),
        ("198.51.100.2", 200),
        ("198.51.100.3", 429),
    ] {
        let reply = with_header(&site, "/api/v1/setup", "", ("x-forwarded-for", address)).await;
        reply.expect(status);
    }
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_are_told_apart() {
    let mut config = in_memory();
    config.limits.open_requests_per_minute = 1;
    config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let site = Site::with(config).await;
    for (address, status) in [
        ("198.51.100.1", 200),
        ("198.51.100.2", 200),
        ("203.0.113.9, 198.51.100.1", 429),
    ] {
        let reply = with_header(&site, "/api/v1/setup", "", ("x-forwarded-for", address)).await;
        reply.expect(status);
    }
}

#[tokio::test]
async fn wrong_passwords_lock_out_nobody_who_is_in() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let wrong = json!({ "email": EMAIL, "password": "not the right password" });
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(site.post("/api/v1/auth/login", "", &wrong).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    site.get("/api/v1/me", &owner).await.expect(200);
    site.joined(&owner, "eve@example.org", "member").await;
}

#[tokio::test]
async fn other_sites_read_answers_only_when_they_are_named() {
    let mut config = in_memory();
    config.server.cors_origins = vec!["https://app.example.com".to_owned()];
    let site = Site::with(config).await;
    for (origin, allowed) in [
        ("https://app.example.com", "https://app.example.com"),
        ("https://evil.example", ""),
        ("https://app.example.com.evil.example", ""),
        ("null", ""),
    ] {
        let reply = with_header(&site, "/api/v1/setup", "", ("origin", origin)).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
    let closed = Site::open().await;
    let named = ("origin", "https://app.example.com");
    let reply = with_header(&closed, "/api/v1/setup", "", named).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_server_behind_tls_says_so_to_browsers() {
    let mut config = in_memory();
    config.server.public_url = "https://karen.example.com".to_owned();
    let site = Site::with(config).await;
    let reply = site.get("/livez", "").await;
    let year_s = 31_536_000;
    let said = reply.header("strict-transport-security");
    let age = said
        .split([';', '='])
        .nth(1)
        .and_then(|age| age.parse::<u32>().ok());
    assert!(age.is_some_and(|age| age >= year_s), "{said}");
    assert!(said.contains("includeSubDomains"));
    let plain = Site::open().await.get("/livez", "").await;
    assert_eq!(plain.header("strict-transport-security"), "");
}

#[tokio::test]
async fn a_token_in_an_address_opens_nothing() {
    let site = Site::open().await;
    let owner = site.owner().await;
    for name in ["access_token", "token", "api_key"] {
        let path = format!("/api/v1/me?{name}={owner}");
        site.get(&path, "").await.expect(401);
    }
    site.log_in(EMAIL, PASSWORD).await;
}
