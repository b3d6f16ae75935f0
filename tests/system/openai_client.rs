//! OpenAI's own Python client, unchanged, pointed at Karen.

use tokio::process::Command;

use crate::host::Host;
use crate::paths;

#[tokio::test(flavor = "multi_thread")]
async fn openais_python_client_lists_chats_streams_and_embeds() {
    let host = Host::start().await;
    let output = Command::new(paths::python())
        .arg(paths::root().join("tests/openai/client.py"))
        .args([format!("{}/v1", host.url), host.api_key().await])
        .output()
        .await
        .expect("scripts/setup.sh build test installs OpenAI's client");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(
        said.lines().filter(|line| line.starts_with("ok ")).count(),
        7,
        "{said}"
    );
}
