//! `kill -9` at any moment of chatting: nothing that was acknowledged is lost.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Events};
use crate::faults;
use crate::promises::{Acknowledged, Promises, say};
use crate::random::Random;
use crate::server::{RunningServer, Start};

const ROUNDS: u64 = 50;
const ROUNDS_TO_PROVE: u64 = 1000;
/// Answers of the demonstration model have about this many events.
const EVENTS: u64 = 24;
/// A turn that syncs more often than this is at fault itself.
const SYNCS_MAX: usize = 50;

#[tokio::test]
async fn killed_while_chatting_karen_keeps_what_it_acknowledged() {
    let rounds = match std::env::var_os("KAREN_PROVE") {
        Some(_) => ROUNDS_TO_PROVE,
        None => ROUNDS,
    };
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder).await;
    let mut promises = Promises {
        client: Client::of_first_account(&server).await,
        turns: Vec::new(),
    };
    server.kill().await;
    for round in 0..rounds {
        let known = promises.turns.len();
        chat_and_kill(&mut promises, &folder, round).await;
        let server = serve(&folder).await;
        promises.client = promises.client.on(&server);
        promises.check_turns(known).await;
        server.kill().await;
    }
    let server = serve(&folder).await;
    promises.client = promises.client.on(&server);
    promises.check_turns(0).await;
    promises.check_memory().await;
    server.stop().await;
    let done = promises.turns.iter().filter(|turn| turn.is_done()).count();
    let all = promises.turns.len();
    println!("{rounds} kills, {all} messages acknowledged, {done} seen to be answered");
    assert!(0 < done && done < all, "some were answered, some cut short");
}

#[tokio::test]
async fn killed_at_any_sync_of_a_turn_karen_keeps_what_it_acknowledged() {
    kill_at_each_sync(json!({})).await;
}

#[tokio::test]
async fn killed_at_any_sync_of_a_turn_karen_remembers_nothing_that_it_was_not_to() {
    kill_at_each_sync(json!({ "remember": false })).await;
}

/// Kills the server at the first sync of a turn, at the second, and so on until a turn survives.
async fn kill_at_each_sync(options: Value) {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder).await;
    let mut promises = Promises {
        client: Client::of_first_account(&server).await,
        turns: Vec::new(),
    };
    server.kill().await;
    let faults = tempfile::tempdir().unwrap();
    let library = faults::library("killed", faults.path()).await;
    let told = [("KILLED_AT", faults.path().join("sync"))];
    let outlived = |promises: &Promises| promises.turns.iter().any(Acknowledged::is_done);
    let mut sync = 0;
    while !outlived(&promises) {
        sync += 1;
        assert!(sync <= SYNCS_MAX, "the turn never ends");
        let start = Start::on(folder.path()).demo_model();
        let server = start.preload(&library, &told).serve().await;
        std::fs::write(&told[0].1, sync.to_string()).unwrap();
        let client = promises.client.on(&server);
        let mut body = options.clone();
        body["message"] = json!(format!("My number {sync} is lucky."));
        if let Some((mut turn, events)) = say(&client, body).await {
            turn.seen = events.rest().await;
            promises.turns.push(turn);
        }
        server.kill().await;
        std::fs::remove_file(&told[0].1).unwrap();
        let server = serve(&folder).await;
        promises.client = promises.client.on(&server);
        promises.check_turns(0).await;
        promises.check_memory().await;
        promises.check_conversations().await;
        server.kill().await;
    }
    let all = promises.turns.len();
    println!("{} syncs, {all} messages acknowledged", sync - 1);
    assert!(all > 1, "some were cut short after they were acknowledged");
}

async fn serve(folder: &TempDir) -> RunningServer {
    Start::on(folder.path()).demo_model().serve().await
}

/// Several conversations at once, old and new, until the server is killed.
async fn chat_and_kill(promises: &mut Promises, folder: &TempDir, round: u64) {
    let mut random = Random::new(round);
    let server = serve(folder).await;
    let client = promises.client.on(&server);
    let mut open: Vec<(Acknowledged, Events)> = Vec::new();
    for number in 0..=random.below(3) {
        let mut body = json!({ "message": format!("My number {round}-{number} is lucky.") });
        let old = random.below(1 + promises.turns.len() as u64 * 2);
        if let Some(known) = promises.turns.get(old as usize) {
            body["conversation"] = json!(known.conversation);
        }
        body["remember"] = json!(random.below(4) > 0);
        // Two of a round may meet in one conversation: the second is refused.
        open.extend(say(&client, body).await);
    }
    let watched = random.below(open.len() as u64) as usize;
    for _ in 0..random.below(EVENTS) {
        let (turn, events) = &mut open[watched];
        let Some(event) = events.next().await else {
            break;
        };
        turn.seen.push(event);
    }
    server.kill().await;
    for (mut turn, events) in open {
        // What had arrived before the end.
        turn.seen.extend(events.rest().await);
        promises.turns.push(turn);
    }
}
