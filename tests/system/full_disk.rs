//! A disk that fills up under a running server, and is given space again.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::paths;

/// Compiles the preloaded library that plays the full disk.
async fn full_disk(folder: &Path) -> PathBuf {
    let library = folder.join("full_disk.so");
    let source = paths::root().join("tests/system/faults/full_disk.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
    let status = cc.arg(&library).arg(source).arg("-ldl").status().await;
    assert!(status.unwrap().success());
    library
}

/// The folder of a test: data, histories to import, and the switch that fills the disk.
struct Place(tempfile::TempDir);

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn history(&self, name: &str, said: &str) -> String {
        let line = format!("{{\"role\":\"user\",\"content\":\"{said}\"}}\n");
        let path = self.path(name);
        std::fs::write(&path, line).unwrap();
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(paths::server());
        command
            .current_dir(self.0.path())
            .args(["--data-dir", "data"])
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// What a command said: its output if it went well, else its errors.
    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }

    async fn serve(&self) -> Child {
        let mut command = self.command(&["--listen", "127.0.0.1:0", "serve"]);
        command
            .env("LD_PRELOAD", full_disk(self.0.path()).await)
            .env("FULL_WHEN", self.path("full"))
            .env("FULL_BELOW", self.path("data").canonicalize().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().unwrap();
        assert!(first.starts_with("Karen listens on"), "{first}");
        server
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let place = Place(tempfile::tempdir().unwrap());
    std::fs::create_dir(place.path("data")).unwrap();
    let mut server = place.serve().await;
    let before = place.history("before.jsonl", "My dog is called Biscuit.");
    place.run(&["import", &before]).await.unwrap();

    std::fs::write(place.path("full"), "").unwrap();
    let during = place.history("during.jsonl", "My cat is called Pepper.");
    let refused = place.run(&["import", &during]).await.unwrap_err();
    assert!(refused.starts_with("error[STORAGE_FULL]: "), "{refused}");
    assert!(refused.contains("free some space"), "{refused}");
    let recalled = place.run(&["recall", "What is my dog called?"]).await;
    assert!(recalled.unwrap().contains("Biscuit"), "reading goes on");

    std::fs::remove_file(place.path("full")).unwrap();
    let again = place.run(&["import", &during]).await.unwrap();
    assert!(again.contains("imported 1 conversations"), "{again}");
    server.kill().await.unwrap();
    for (question, answer) in [("dog", "Biscuit"), ("cat", "Pepper")] {
        let question = format!("What is my {question} called?");
        let recalled = place.run(&["recall", &question]).await.unwrap();
        assert!(recalled.contains(answer), "{recalled}");
    }
}
