//! Signing in by way of a provider, as far as the server answers for it. `tests/system` signs in at a
//! real one.

use karen_core::config::OidcSettings;

use crate::harness::{Site, in_memory};

/// A site with a provider of this name that nobody reaches.
pub(crate) async fn site(name: &str) -> Site {
    let mut config = in_memory();
    let corp = OidcSettings {
        label: "Example Corp".to_owned(),
        // Port 9, `discard`, where nothing listens.
        issuer: "http://127.0.0.1:9".to_owned(),
        client_id: "karen".to_owned(),
        ..OidcSettings::default()
    };
    config.auth.oidc.insert(name.to_owned(), corp);
    Site::with(config).await
}

#[tokio::test]
async fn a_browser_that_comes_back_is_led_to_the_page_and_nowhere_else() {
    let site = site("corp").await;
    for path in [
        "/api/v1/auth/oidc/corp/callback",
        "/api/v1/auth/oidc/corp/callback?state=a&code=b&iss=https://evil.example",
        "/api/v1/auth/oidc/evil/callback?state=a&code=b",
        "/api/v1/auth/oidc/%2F%2Fevil.example/callback?state=//evil.example",
    ] {
        let reply = site.get(path, "").await.expect(303);
        assert!(reply.header("location").starts_with("/#refused="), "{path}");
        assert!(
            reply.header("set-cookie").starts_with("karen_flow=; "),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_said() {
    let site = site("corp").await;
    let listed = site.get("/api/v1/auth/oidc", "").await.expect(200).json();
    assert_eq!(listed["data"][0]["label"], "Example Corp");
    let begun = site
        .post("/api/v1/auth/oidc/corp", "", &serde_json::json!({}))
        .await;
    assert_eq!(begun.expect(503).json()["code"], "UNAVAILABLE");
    let begun = site
        .post("/api/v1/auth/oidc/nobody", "", &serde_json::json!({}))
        .await;
    assert_eq!(begun.expect(404).json()["code"], "NOT_FOUND");
}
