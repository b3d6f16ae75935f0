//! Where encryption is required, nothing that people say is on the server's disk.

use std::path::Path;

use serde_json::json;

use crate::client::Client;
use crate::cluster::Cluster;
use crate::server::karen_server;

const SECRET: &str = "9f2c41d7a06b8e35f1c49a7d20be6358";
const WORD: &str = "Quagmire";

/// The files below `folder` that hold `word`, and how many there are.
fn files_with(folder: &Path, word: &str) -> (Vec<String>, usize) {
    let (mut with, mut all) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let (below, count) = files_with(&path, word);
            with.extend(below);
            all += count;
        } else if let Ok(bytes) = std::fs::read(&path) {
            all += 1;
            if bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes())
            {
                with.push(path.display().to_string());
            }
        }
    }
    (with, all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_encryption_is_required_nothing_legible_is_on_the_servers_disk() {
    let cluster = Cluster::start("test_encrypted").await;
    let start = cluster.start_on("here");
    let start = start
        .set("mail.transport", "none")
        .set("encryption.required", "true");
    let server = start.serve().await;
    let ada = Client::of_first_account(&server).await;
    let said = format!("My wombat is called {WORD}.");
    let turn = ada.chat(&json!({ "message": said })).await.unwrap();
    turn.rest().await;
    let query = json!({ "query": "what is the wombat called?" });
    let found = ada.post("/api/v1/memory/search", &query).await;
    assert_eq!(found["data"][0]["text"], said);
    let reports = ada.get("/api/v1/memory/reports").await;
    let report = reports["data"][0]["name"].as_str().unwrap();
    ada.get(&format!("/api/v1/memory/reports/{report}")).await;
    server.stop().await;
    let (legible, all) = files_with(cluster.folders(), WORD);
    assert!(legible.is_empty(), "{legible:?}");
    assert!(all > 0, "there is a folder");
}

#[tokio::test]
async fn a_store_that_cannot_be_encrypted_is_refused_and_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = karen_server(&data);
    command.args(["--set", "encryption.required=true"]);
    command.args(["--set", &format!("auth.secret={SECRET}")]);
    let output = command.arg("serve").output().await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        told.contains("UNSUPPORTED") && told.contains("postgres.url"),
        "{told}"
    );
    assert!(!data.exists(), "nothing was written");
}
