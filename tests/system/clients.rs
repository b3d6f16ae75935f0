//! The clients of OpenAI, Anthropic and directories, unchanged, pointed at Karen.

use tokio::process::Command;

use crate::host::Host;
use crate::paths;

/// Runs a client's program against `base` of a server; it prints a line for each of its `claims`.
async fn check(program: &str, base: &str, claims: usize) {
    let host = Host::start().await;
    let runs = match program.ends_with(".mjs") {
        true => "node".into(),
        false => paths::python(),
    };
    let output = Command::new(runs)
        .arg(paths::root().join(program))
        .args([format!("{}{base}", host.url), host.api_key().await])
        .output()
        .await
        .expect("scripts/setup.sh build test installs the clients");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    let failed = said.lines().find(|line| line.starts_with("failed "));
    assert_eq!(failed, None, "{said}");
    let held = said.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(held, claims, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_python_client_lists_chats_streams_calls_and_embeds() {
    check("tests/openai/client.py", "/v1", 13).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_node_client_lists_chats_streams_calls_and_embeds() {
    check("tests/openai/client.mjs", "/v1", 16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropics_python_client_chats_streams_and_uses_tools() {
    check("tests/anthropic/client.py", "", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tester_of_scim_makes_reads_changes_and_deletes_users() {
    check("tests/scim/client.py", "/scim/v2", 29).await;
}
