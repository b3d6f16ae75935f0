//! `kill -9` at any moment of chatting: nothing that was acknowledged is lost.

use tempfile::TempDir;

use crate::client::{Client, Events};
use crate::promises::{Acknowledged, Promises, say};
use crate::random::Random;
use crate::server::{RunningServer, Start};

const ROUNDS: u64 = 50;
const ROUNDS_TO_PROVE: u64 = 1000;
/// Answers of the demonstration model have about this many events.
const EVENTS: u64 = 24;

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
        let message = format!("My number {round}-{number} is lucky.");
        let old = random.below(1 + promises.turns.len() as u64 * 2);
        let known = promises.turns.get(old as usize);
        let conversation = known.map(|turn| turn.conversation.as_str());
        // Two of a round may meet in one conversation: the second is refused.
        open.extend(say(&client, message, conversation).await);
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
