//! A disk that fills up under a running server, and is given space again.

use std::path::PathBuf;

use crate::faults;
use crate::server::{RunningServer, Start, karen_server};

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

    /// What a command said: its output if it went well, else its errors.
    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = karen_server(&self.data());
        let output = command.args(arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }

    async fn serve(&self) -> RunningServer {
        let library = faults::library("full_disk", self.0.path()).await;
        let told = [
            ("FULL_WHEN", self.path("full")),
            ("FULL_BELOW", self.data()),
        ];
        Start::on(&self.data())
            .preload(&library, &told)
            .serve()
            .await
    }

    fn data(&self) -> PathBuf {
        self.path("data").canonicalize().unwrap()
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let place = Place(tempfile::tempdir().unwrap());
    std::fs::create_dir(place.path("data")).unwrap();
    let server = place.serve().await;
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
    server.kill().await;
    for (question, answer) in [("dog", "Biscuit"), ("cat", "Pepper")] {
        let question = format!("What is my {question} called?");
        let recalled = place.run(&["recall", &question]).await.unwrap();
        assert!(recalled.contains(answer), "{recalled}");
    }
}
