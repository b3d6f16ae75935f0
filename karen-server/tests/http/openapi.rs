use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::harness::request;
use crate::oidc;

/// What anybody may call; everything else needs a principal.
const OPEN: [&str; 25] = [
    "GET /api/v1/setup",
    "POST /api/v1/setup",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/login/code",
    "POST /api/v1/auth/passkeys/login/begin",
    "POST /api/v1/auth/passkeys/login",
    "POST /api/v1/auth/passkeys/code/begin",
    "POST /api/v1/auth/passkeys/code",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/registration",
    "POST /api/v1/auth/invitation",
    "POST /api/v1/auth/password/forgot",
    "POST /api/v1/auth/password/reset",
    "POST /api/v1/auth/recovery/request",
    "POST /api/v1/auth/recovery",
    "POST /api/v1/auth/email/verify",
    "GET /api/v1/auth/oidc",
    "POST /api/v1/auth/oidc/{provider}",
    "GET /api/v1/auth/oidc/{provider}/callback",
    "GET /.well-known/jwks.json",
    "GET /livez",
    "GET /readyz",
    "GET /health",
    "GET /metrics",
];

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

#[tokio::test]
async fn every_operation_but_the_open_ones_needs_a_principal() {
    let site = oidc::site("x").await;
    let document = site.get("/openapi.json", "").await.expect(200).json();
    let operations = operations(&document);
    assert!(operations.len() > 35, "{}", operations.len());
    for (method, path, operation) in operations {
        let name = format!("{method} {path}");
        let is_open = OPEN.contains(&name.as_str());
        assert_eq!(
            operation["security"] == serde_json::json!([]),
            is_open,
            "{name}"
        );
        let concrete = path.replace("{id}", "x").replace("{name}", "x");
        let concrete = concrete.replace("{provider}", "x");
        let mut request = request(&method, &concrete, "", Body::from("{}"));
        let kind = "application/json".parse().expect("type");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let reply = site.whole(request).await;
        assert!(
            ![404, 405].contains(&reply.status),
            "{name} is documented and not routed"
        );
        if !is_open {
            assert_eq!(reply.status, 401, "{name}");
        }
    }
}
