use axum::body::Body;

use crate::harness::{Site, request};

#[tokio::test]
async fn the_page_runs_only_its_own_files() {
    let site = Site::open().await;
    let page = site.get("/", "").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        site.get("/app.js", "")
            .await
            .expect(200)
            .header("content-type")
            .contains("javascript")
    );
}

#[tokio::test]
async fn a_page_that_has_not_changed_is_not_sent_again() {
    let site = Site::open().await;
    let etag = site
        .get("/app.css", "")
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let mut again = request("GET", "/app.css", "", Body::empty());
    again
        .headers_mut()
        .insert("if-none-match", etag.parse().expect("etag"));
    assert!(site.whole(again).await.expect(304).bytes.is_empty());
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_want_it() {
    let site = Site::open().await;
    let token = site.owner().await;
    // One is whole from the beginning, one is written as it is read.
    for (path, token) in [("/openapi.json", ""), ("/api/v1/audit/export", &token)] {
        for coding in ["gzip", "br"] {
            let mut wanted = request("GET", path, token, Body::empty());
            wanted
                .headers_mut()
                .insert("accept-encoding", coding.parse().expect("coding"));
            let reply = site.whole(wanted).await.expect(200);
            assert_eq!(reply.header("content-encoding"), coding, "{path}");
        }
    }
}

#[tokio::test]
async fn the_docs_load_nothing_from_elsewhere() {
    let site = Site::open().await;
    let docs = site.get("/docs/", "").await.expect(200);
    assert!(docs.text().contains("swagger-ui"));
    assert!(!docs.text().contains("https://"), "{}", docs.text());
    site.get("/docs/swagger-ui-bundle.js", "").await.expect(200);
    let policy = docs.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
}
