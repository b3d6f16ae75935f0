//! OWASP ASVS 5.0, level 2: the claims that no other test makes, and that the table names real ones.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use serde_json::json;

use crate::harness::{EMAIL, PASSWORD, Reply, Site, in_memory, json_request, request, text};

const TABLE: &str = include_str!("../../ASVS.md");
const ROWS: usize = 62;

async fn employ(site: &Site, owner: &str, name: &str, password: &str) -> Reply {
    let email = format!("{name}@example.net");
    let account = json!({ "email": email, "name": "Somebody", "password": password });
    site.post("/api/v1/users", owner, &account).await
}

#[tokio::test]
async fn a_password_is_judged_by_its_length_and_by_what_others_would_try() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let judged = [
        ("fourteen chars", 422),
        ("passwordpassword", 422),
        ("karenkarenkarenkaren", 422),
        ("somebodysomebody", 422),
        ("qmzvhtxwplkdnbrgfyjc", 201),
        ("90817263544536271809", 201),
        ("🦊 🐢 🐘 🦉 🐝 🐙 🦓 🐳 🦜 🐌", 201),
    ];
    for (number, (password, status)) in judged.into_iter().enumerate() {
        let name = format!("p{number}");
        let reply = employ(&site, &owner, &name, password).await;
        assert_eq!(reply.status, status, "{password}: {:?}", reply.bytes);
    }
}

#[tokio::test]
async fn a_password_counts_to_its_last_character() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let long: String =
        ["velvet", "Harbor", "quietly", "Ninety"].concat().repeat(6)[..128].to_owned();
    employ(&site, &owner, "long", &long).await.expect(201);
    site.log_in("long@example.net", &long).await;
    for wrong in [long[..72].to_owned(), long.to_uppercase()] {
        let login = json!({ "email": "long@example.net", "password": wrong });
        site.post("/api/v1/auth/login", "", &login)
            .await
            .expect(401);
    }
    employ(&site, &owner, "longer", &format!("{long}x"))
        .await
        .expect(422);
}

#[tokio::test]
async fn a_new_password_takes_the_current_one() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (path, new) = ("/api/v1/me/password", "a different long passphrase");
    site.put(path, &owner, &json!({ "new_password": new }))
        .await
        .expect(422);
    let wrong = json!({ "current_password": "not the right password", "new_password": new });
    site.put(path, &owner, &wrong).await.expect(401);
    site.log_in(EMAIL, PASSWORD).await;
}

#[tokio::test]
async fn nobody_gives_themselves_what_a_request_does_not_offer() {
    let site = Site::open().await;
    let owner = site.owner().await;
    for field in ["tenant", "is_admin", "email_verified_at", "id"] {
        let mut account =
            json!({ "email": "eve@example.org", "name": "Eve", "password": PASSWORD });
        account[field] = json!("x");
        let refused = site
            .post("/api/v1/users", &owner, &account)
            .await
            .expect(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], format!("/{field}"));
        site.post("/api/v1/auth/register", "", &account)
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn a_login_opens_a_session_of_its_own() {
    let site = Site::open().await;
    let mut seen = BTreeSet::from([site.owner().await]);
    for _ in 0..3 {
        assert!(seen.insert(site.log_in(EMAIL, PASSWORD).await));
    }
    let sessions = site
        .get("/api/v1/me/sessions", seen.first().expect("some"))
        .await
        .json();
    let sessions = sessions["data"].as_array().expect("a list").clone();
    let ids: BTreeSet<String> = sessions
        .iter()
        .map(|session| text(&session["id"]))
        .collect();
    assert_eq!(ids.len(), 4);
}

/// A login of a browser that has these cookies; its answer's own, by name.
async fn browse(site: &Site, password: &str, cookies: &str) -> (u16, String, String) {
    let login = json!({ "email": EMAIL, "password": password });
    let mut request = json_request("POST", "/api/v1/auth/login", "", &login);
    let cookies = cookies.parse().expect("a cookie");
    request.headers_mut().insert(COOKIE, cookies);
    let reply = site.whole(request).await;
    let set = reply.headers.get_all(SET_COOKIE).into_iter();
    let set: Vec<&str> = set.map(|cookie| cookie.to_str().expect("text")).collect();
    let named = |name: &str| {
        let found = set.iter().find(|cookie| cookie.starts_with(name));
        found.map_or("", |cookie| cookie.split(';').next().unwrap_or_default())
    };
    let (session, device) = (named("karen_refresh="), named("karen_device="));
    (reply.status, session.to_owned(), device.to_owned())
}

#[tokio::test]
async fn a_login_ends_the_session_that_the_browser_had_before() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let (_, first, _) = browse(&site, PASSWORD, "").await;
    let (_, second, _) = browse(&site, PASSWORD, &first).await;
    browse(&site, "a wrong password, so nothing ends", &second).await;
    for (cookie, status) in [(&first, 401), (&second, 200)] {
        let mut request = request("POST", "/api/v1/auth/refresh", "", Body::empty());
        let cookie = cookie.parse().expect("a cookie");
        request.headers_mut().insert(COOKIE, cookie);
        site.whole(request).await.expect(status);
    }
    let sessions = site.get("/api/v1/me/sessions", &owner).await.json();
    assert_eq!(
        sessions["data"].as_array().map(Vec::len),
        Some(2),
        "{sessions}"
    );
}

#[tokio::test]
async fn a_device_that_is_known_comes_in_while_others_guess() {
    let site = Site::open().await;
    site.owner().await;
    let (_, _, device) = browse(&site, PASSWORD, "").await;
    while browse(&site, "a guess at the password", "").await.0 != 429 {}
    assert_eq!(browse(&site, PASSWORD, "").await.0, 429, "a stranger waits");
    assert_eq!(browse(&site, PASSWORD, &device).await.0, 200);
}

#[tokio::test]
async fn methods_that_nobody_offers_are_refused_with_those_that_are() {
    let site = Site::open().await;
    for method in ["TRACE", "FOO", "PROPFIND"] {
        let reply = site
            .whole(request(method, "/api/v1/setup", "", Body::empty()))
            .await;
        let reply = reply.expect(405);
        assert!(reply.header("allow").contains("GET"), "{method}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn no_shape_of_a_request_breaks_the_server() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut nested = json_request("POST", "/api/v1/memory", &owner, &json!({}));
    *nested.body_mut() = Body::from(deep);
    let status = site.whole(nested).await.status;
    assert!((400..500).contains(&status), "{status}");
    let mut many = request("GET", "/api/v1/me", &owner, Body::empty());
    for number in 0..5_000 {
        let name = format!("x-{number}")
            .parse::<axum::http::HeaderName>()
            .expect("a name");
        many.headers_mut()
            .insert(name, "1".parse().expect("a value"));
    }
    let reply = site.whole(many).await;
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    for path in [
        "/api/v1/users/%00",
        "/api/v1/turns/..%2F..%2Fetc",
        "/api/v1/roles/%F0%9F%A6%8A",
    ] {
        let status = site.get(path, &owner).await.status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn a_right_email_and_a_wrong_one_look_alike_wherever_they_are_given() {
    let mut config = in_memory();
    config.auth.registration = karen_core::config::Registration::Open;
    let outbox = tempfile::TempDir::new().expect("folder");
    config.mail.folder = outbox.path().to_owned();
    let site = Site::with(config).await;
    site.owner().await;
    for path in [
        "/api/v1/auth/registration",
        "/api/v1/auth/password/forgot",
        "/api/v1/auth/recovery/request",
    ] {
        let known = site.post(path, "", &json!({ "email": EMAIL })).await;
        let unknown = site
            .post(path, "", &json!({ "email": "nobody@example.org" }))
            .await;
        assert_eq!(
            (known.status, known.bytes),
            (unknown.status, unknown.bytes),
            "{path}"
        );
    }
}

/// The names of all tests in the folders that the table may speak of.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pending: Vec<_> = [
        "karen-auth/src",
        "karen-core/src",
        "karen-server",
        "tests/system",
    ]
    .map(|folder| root.join(folder))
    .to_vec();
    let mut names = BTreeSet::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let source = std::fs::read_to_string(path).expect("source");
                let after_fn = source.split("fn ").skip(1);
                names.extend(
                    after_fn
                        .filter_map(|rest| rest.split('(').next())
                        .map(str::to_owned),
                );
            }
        }
    }
    names
}

#[test]
fn every_row_of_the_table_names_tests_that_exist_or_says_why_not() {
    let tests = tests();
    let rows = TABLE.lines().filter(|line| {
        line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit())
    });
    let mut numbers = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, _, held] = cells[..] else {
            panic!("four cells: {row}");
        };
        numbers.push(number.parse::<usize>().expect("a number"));
        let named: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        let explained = ["not met: ", "does not apply: "]
            .iter()
            .any(|why| held.contains(why));
        assert!(explained || !named.is_empty(), "{row}");
        for test in named {
            assert!(tests.contains(test), "row {number} names {test}");
        }
    }
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
}
