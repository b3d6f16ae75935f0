//! A power cut: what was acknowledged had been synced, and what had not been synced is no loss.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;
use crate::faults;
use crate::promises::{Promises, say};
use crate::random::Random;
use crate::server::{RunningServer, Start};

const ROUNDS: u64 = 10;
const ROUNDS_TO_PROVE: u64 = 100;
const EVENTS: u64 = 24;

/// A data folder on a disk that keeps only what is synced.
struct Disk {
    folder: TempDir,
    library: PathBuf,
}

impl Disk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let library = faults::library("unsynced", folder.path()).await;
        Self { folder, library }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data").canonicalize().unwrap()
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// A server whose changes can be taken back; `deaf` to every sync, if asked for.
    async fn serve(&self, deaf: bool) -> RunningServer {
        let mut told = vec![
            ("UNSYNCED_BELOW", self.data()),
            ("UNSYNCED_JOURNAL", self.journal()),
        ];
        told.extend(deaf.then(|| ("UNSYNCED_DEAF", PathBuf::from("1"))));
        let start = Start::on(&self.data()).demo_model();
        start.preload(&self.library, &told).serve().await
    }

    /// A server on the disk as it is.
    async fn serve_plainly(&self) -> RunningServer {
        Start::on(&self.data()).demo_model().serve().await
    }

    /// Kills the server, takes back what was not synced, and gives how many changes those were.
    async fn cut_power(&self, server: RunningServer) -> usize {
        server.kill().await;
        let undone = faults::cut_power(&self.journal());
        std::fs::remove_file(self.journal()).unwrap();
        // Shared memory of processes, gone with the power.
        let _ = std::fs::remove_file(self.data().join("karen.db-shm"));
        undone
    }
}

/// Says things until the power is cut, and gives how many changes that took back.
async fn chat_and_cut(disk: &Disk, promises: &mut Promises, round: u64, deaf: bool) -> usize {
    let mut random = Random::new(round);
    let server = disk.serve(deaf).await;
    let client = promises.client.on(&server);
    for number in 0..=random.below(3) {
        let body = json!({ "message": format!("My number {round}-{number} is lucky.") });
        let (mut turn, mut events) = say(&client, body).await.expect("is taken");
        for _ in 0..random.below(EVENTS) {
            turn.seen.extend(events.next().await);
        }
        promises.turns.push(turn);
    }
    disk.cut_power(server).await
}

#[tokio::test]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let rounds = match std::env::var_os("KAREN_PROVE") {
        Some(_) => ROUNDS_TO_PROVE,
        None => ROUNDS,
    };
    let disk = Disk::new().await;
    let server = disk.serve(false).await;
    let mut promises = Promises {
        client: Client::of_first_account(&server).await,
        turns: Vec::new(),
    };
    let mut undone = disk.cut_power(server).await;
    for round in 0..rounds {
        let known = promises.turns.len();
        undone += chat_and_cut(&disk, &mut promises, round, false).await;
        let server = disk.serve_plainly().await;
        promises.client = promises.client.on(&server);
        promises.check_turns(known).await;
        let integrity = promises.client.get("/api/v1/integrity").await;
        assert_eq!(integrity["database"], "whole");
        server.stop().await;
    }
    let server = disk.serve_plainly().await;
    promises.client = promises.client.on(&server);
    promises.check_turns(0).await;
    promises.check_memory().await;
    let all = promises.turns.len();
    println!("{rounds} power cuts, {all} messages acknowledged, {undone} changes lost");
}

#[tokio::test]
async fn a_disk_that_is_deaf_to_syncs_does_lose_messages() {
    let disk = Disk::new().await;
    let server = disk.serve_plainly().await;
    let mut promises = Promises {
        client: Client::of_first_account(&server).await,
        turns: Vec::new(),
    };
    server.stop().await;
    let undone = chat_and_cut(&disk, &mut promises, 1, true).await;
    assert!(undone > 0, "the disk plays the cut");
    let server = disk.serve_plainly().await;
    promises.client = promises.client.on(&server);
    let conversations = promises.client.get("/api/v1/conversations?limit=200").await;
    let kept = conversations["data"].as_array().unwrap().len();
    assert!(
        kept < promises.turns.len(),
        "{kept} conversations are there"
    );
}
