//! The OpenAPI document is a promise. Schemathesis asks for what it offers, and for what it does not.

use std::path::Path;

use tokio::process::Command;

use crate::client::Client;
use crate::paths;
use crate::server::{RunningServer, Start};

/// What would end the asking, and what it cannot write.
const LEFT_OUT: &str = "logout|/api-keys/|/setup|/me$|/privacy|/memory/import";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,response_headers_conformance";
const LIMITS: [&str; 8] = [
    "turns_per_minute",
    "tokens_per_day",
    "open_requests_per_minute",
    "address_requests_per_minute",
    "user_requests_per_minute",
    "key_requests_per_minute",
    "tenant_requests_per_minute",
    "lasting_requests_per_minute",
];

/// Roles that ask beside the owner, and how often each operation is asked for.
fn campaign() -> (&'static [&'static str], &'static str) {
    match std::env::var_os("KAREN_PROVE") {
        Some(_) => (
            &["admin", "operator", "developer", "member", "viewer"],
            "40",
        ),
        None => (&["viewer"], "3"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_one_that_the_document_tells_of() {
    let folder = tempfile::tempdir().unwrap();
    let server = unlimited(&folder.path().join("data")).await;
    let owner = Client::of_first_account(&server).await;
    let (roles, times) = campaign();
    for role in roles {
        let somebody = owner.joined(&format!("{role}@example.com"), role).await;
        ask(&server, &somebody, times, folder.path()).await;
    }
    ask(&server, &owner, times, folder.path()).await;
}

async fn unlimited(folder: &Path) -> RunningServer {
    let start = Start::on(folder).demo_model();
    let start = start.set("auth.access_minutes", "60");
    let start = LIMITS.iter().fold(start, |start, limit| {
        start.set(&format!("limits.{limit}"), "0")
    });
    start.serve().await
}

/// Asks for everything as somebody does, from a folder where it may leave what it found.
async fn ask(server: &RunningServer, somebody: &Client, times: &str, folder: &Path) {
    let answer = Command::new(paths::python().with_file_name("schemathesis"))
        .current_dir(folder)
        .arg("run")
        .arg(format!("{}/openapi.json", server.url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", somebody.key()),
        ])
        .args(["--exclude-path-regex", LEFT_OUT, "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing", "--seed", "7"])
        .args(["--max-examples", times, "--request-timeout", "60"])
        .args(["--warnings", "off", "--no-color"])
        .output()
        .await
        .expect("scripts/setup.sh build test installs it");
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success(), "{said}");
}
