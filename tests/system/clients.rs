//! The clients of OpenAI and Anthropic, unchanged, pointed at Karen.

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
