//! Signing in at a real OpenID Connect provider, in headless Chromium.

use std::net::TcpListener;
use std::process::Stdio;

use karen_core::config::Layers;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::host::Host;
use crate::paths;

/// A port for a server that others have to know before it starts.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_at_a_provider_and_link_their_account_with_it() {
    let address = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{address}");
    let mut person = Command::new("node")
        .arg(paths::root().join("tests/browser/oidc.mjs"))
        .args(["--url", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/setup.sh build test installs Node");
    let mut said = BufReader::new(person.stdout.take().unwrap());
    let mut issuer = String::new();
    said.read_line(&mut issuer).await.unwrap();
    let corp = format!(
        "{{ corp = {{ issuer = {:?}, label = \"Corp\", client_id = \"karen\", \
         client_secret = \"a secret of Karen's\", sign_up = \"member\" }} }}",
        issuer.trim()
    );
    let layers = Layers::default()
        .set("auth.oidc", &corp)
        .and_then(|layers| layers.set("server.public_url", &url))
        .unwrap();
    let host = Host::at(&address, layers).await;
    let token = format!("{}\n", host.setup_token().await);
    let mut told = person.stdin.take().unwrap();
    told.write_all(token.as_bytes()).await.unwrap();
    let mut claims = String::new();
    said.read_to_string(&mut claims).await.unwrap();
    assert!(person.wait().await.unwrap().success(), "{claims}");
    assert_eq!(claims.matches("ok  ").count(), 5, "{claims}");
}
