//! The page in headless Chromium, against a real server.

use tokio::process::Command;

use crate::host::{Host, SLOW_MODEL};
use crate::paths;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_does_what_it_promises() {
    let host = Host::start().await;
    let screenshot = tempfile::tempdir().unwrap();
    let picture = std::env::var("KAREN_SCREENSHOT")
        .unwrap_or_else(|_| screenshot.path().join("page.png").display().to_string());
    let output = Command::new("node")
        .arg(paths::root().join("tests/browser/page.mjs"))
        .args(["--url", &host.url, "--token", &host.setup_token().await])
        .args(["--slow-model", SLOW_MODEL, "--screenshot", &picture])
        .output()
        .await
        .expect("scripts/setup.sh build test installs Node");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_sign_in_on_the_page() {
    let host = Host::named().await;
    let output = Command::new("node")
        .arg(paths::root().join("tests/browser/passkeys.mjs"))
        .args(["--url", &host.url, "--token", &host.setup_token().await])
        .output()
        .await
        .expect("scripts/setup.sh build test installs Node");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
}
