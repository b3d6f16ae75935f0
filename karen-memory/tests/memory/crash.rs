//! A writer is killed at random points of its load; what it was told is kept, is kept.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Command, Stdio};

use karen_memory::{Memory, Page, Query, RecordId};

use crate::{MONDAY_NOON, ada, meaningful_memory_in, recall, turn};

/// Names the folder to a writer, which is this program once more.
const FOLDER: &str = "KAREN_TEST_CRASH_FOLDER";
/// The number of a writer's first boat: none that was forgotten is kept again.
const FIRST: &str = "KAREN_TEST_CRASH_FIRST";
/// Kills of one folder, one after the other.
const KILLS: u32 = 20;
/// Folders when everything is to be proved: a thousand kills.
const FOLDERS_PROVED: u32 = 50;
/// Lines that a writer says before it is killed, at most.
const LINES_MAX: u32 = 60;
/// Every so many records, one is forgotten.
const FORGET_EVERY: u64 = 5;

/// Answers that an index which followed is compared by with one made anew.
const ANSWERS: usize = 300;

/// What a folder must hold, as its writers told.
#[derive(Default)]
struct Told {
    kept: BTreeSet<u64>,
    forgotten: BTreeSet<u64>,
    /// Being forgotten when its writer was killed: either answer is right.
    uncertain: BTreeSet<u64>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let Some((verb, number)) = line.split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse() else { return };
        match verb {
            "kept" => self.kept.insert(number),
            "forgetting" => self.uncertain.insert(number),
            "forgot" => self.uncertain.remove(&number) && self.forgotten.insert(number),
            _ => false,
        };
    }

    fn check(&self, found: &BTreeSet<u64>) {
        let known = |number: &&u64| !self.uncertain.contains(number);
        let lost = self.kept.difference(found).filter(known);
        let lost: Vec<_> = lost.filter(|n| !self.forgotten.contains(n)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let back: Vec<_> = self.forgotten.intersection(found).collect();
        assert!(back.is_empty(), "forgotten and back: {back:?}");
    }
}

#[tokio::test]
async fn kills_lose_nothing_acknowledged_and_leave_every_index_as_a_rebuild_would() {
    let proved = std::env::var_os("KAREN_PROVE").is_some();
    for _ in 0..if proved { FOLDERS_PROVED } else { 1 } {
        let folder = tempfile::tempdir().expect("folder");
        let mut told = Told::default();
        for _ in 0..KILLS {
            kill_a_writer(folder.path(), &mut told);
            let (memory, database) = meaningful_memory_in(folder.path()).await;
            told.check(&boats(&memory).await);
            check_against_a_rebuild(&memory).await;
            database.close().await;
        }
        assert!(!told.kept.is_empty(), "no writer wrote");
        assert!(!told.forgotten.is_empty(), "no writer forgot");
    }
}

/// The load of a writer, run by itself as a program of its own.
#[tokio::test]
#[ignore = "writes until it is killed"]
async fn write_until_killed() {
    let folder = std::env::var_os(FOLDER).expect("a folder");
    let (memory, _database) = meaningful_memory_in(Path::new(&folder)).await;
    let first = std::env::var(FIRST).expect("a number");
    for number in first.parse::<u64>().expect("a number").. {
        let id = keep(&memory, &format!("The harbour keeps boat {number}")).await;
        say("kept", number);
        if number % FORGET_EVERY == 0 {
            say("forgetting", number);
            assert!(memory.forget(&ada(), &id).await.expect("forget"));
            say("forgot", number);
        }
    }
}

async fn keep(memory: &Memory, text: &str) -> RecordId {
    let said = turn(text, "user", text, MONDAY_NOON);
    let ids = memory.ingest(&ada(), vec![said]).await.expect("ingest");
    ids.into_iter().next().expect("a record")
}

fn say(verb: &str, number: u64) {
    let mut out = stdout().lock();
    writeln!(out, "\n{verb} {number}").expect("a reader");
    out.flush().expect("a reader");
}

/// Everything that was said before the kill counts, also what nobody had read yet.
fn kill_a_writer(folder: &Path, told: &mut Told) {
    let first = told.kept.last().map_or(0, |last| last + 1);
    let this = std::env::current_exe().expect("this program");
    let mut writer = Command::new(this)
        .args(["--exact", "crash::write_until_killed"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a writer");
    let output = writer.stdout.take().expect("its output");
    let mut left = rand::random_range(1..LINES_MAX);
    for line in BufReader::new(output).lines() {
        let line = line.expect("a line");
        told.hear(&line);
        left = left.saturating_sub(1);
        if left == 0 {
            writer.kill().expect("kill");
        }
    }
    let status = writer.wait().expect("its end");
    assert_eq!(status.code(), None, "a writer ended by itself");
}

async fn boats(memory: &Memory) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut after = None;
    loop {
        let limit = Page::LIMIT_MAX;
        let page = memory
            .list(
                &ada(),
                Page {
                    after,
                    limit,
                    ..Page::default()
                },
            )
            .await;
        let page = page.expect("list");
        found.extend(page.records.iter().filter_map(|r| boat(&r.text)));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn boat(text: &str) -> Option<u64> {
    text.strip_prefix("The harbour keeps boat ")?.parse().ok()
}

/// An index that followed a write answers as one made anew.
async fn check_against_a_rebuild(memory: &Memory) {
    recall(memory, &ada(), "harbour boat").await;
    keep(memory, &format!("Lantern {}", rand::random::<u64>())).await;
    for question in ["harbour boat", "lantern"] {
        let followed = answers(memory, question).await;
        assert!(question != "lantern" || !followed.is_empty());
        memory.rebuild().await.expect("rebuild");
        let rebuilt = answers(memory, question).await;
        assert_eq!(followed, rebuilt, "{question}");
    }
}

/// The texts that a question brings back, with how alike their meanings are.
async fn answers(memory: &Memory, question: &str) -> Vec<(String, Option<f32>)> {
    let query = Query::new(question).limit(ANSWERS);
    let recall = memory.recall(&ada(), query).await.expect("recall");
    let items = recall.items.into_iter();
    items
        .map(|item| (item.record.text, item.why.cosine))
        .collect()
}
