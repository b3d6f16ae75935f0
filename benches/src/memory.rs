//! Recall over many records of one user.
//!
//! The corpus is made up: words by Zipf's law (exponent 1) from a vocabulary of 200,000, 5 to 60 words a
//! record, sessions of 20 records a minute apart. Queries have 3 to 12 words, drawn as the corpus' are,
//! so most hold words that nearly every session has. Words alone rank; no embedder runs.

use std::path::Path;
use std::time::Instant;

use karen_memory::{Memory, MemoryConfig, Query, Scope, SessionId, TenantId, Turn, UserId};
use karen_sql::{Database, Location};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::{Result, load, print, quantile};

const VOCABULARY: usize = 200_000;
const SESSION: usize = 20;
const BATCH: usize = 2000;
const QUERIES: usize = 300;
const MINUTE_MS: i64 = 60_000;
const SYLLABLES: &[&str] = &[
    "ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo",
];

#[derive(Serialize)]
struct Row {
    records: usize,
    recall_p50_ms: f64,
    recall_p95_ms: f64,
    recall_p99_ms: f64,
    rss_mib: f64,
    disk_mib: f64,
    /// From opening to the first recall.
    reopen_ms: f64,
    ingest_per_s: f64,
    load: f64,
}

pub(crate) async fn run(records: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let scope = Scope::new(TenantId::new("bench"), UserId::new("ada"));
    let mut corpus = Corpus::new();
    let memory = open(folder.path()).await?;
    let started = Instant::now();
    for from in (0..records).step_by(BATCH) {
        let turns = (from..records.min(from + BATCH)).map(|i| corpus.turn(i));
        memory.ingest(&scope, turns.collect()).await?;
    }
    memory.flush(&scope).await?;
    let ingest_per_s = records as f64 / started.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for _ in 0..QUERIES {
        took.push(recall(&memory, &scope, corpus.query()).await?);
    }
    let rss_mib = resident_mib();
    drop(memory);
    let reopened = Instant::now();
    let memory = open(folder.path()).await?;
    recall(&memory, &scope, corpus.query()).await?;
    print(&Row {
        records,
        recall_p50_ms: quantile(&mut took, 0.5),
        recall_p95_ms: quantile(&mut took, 0.95),
        recall_p99_ms: quantile(&mut took, 0.99),
        rss_mib,
        disk_mib: disk_mib(folder.path())?,
        reopen_ms: reopened.elapsed().as_secs_f64() * 1e3,
        ingest_per_s,
        load: load(),
    });
    Ok(())
}

async fn open(folder: &Path) -> Result<Memory> {
    let database = Database::open(Location::File(folder.join("karen.db"))).await?;
    Ok(Memory::open(MemoryConfig::new(database)).await?)
}

/// Milliseconds that a recall took.
async fn recall(memory: &Memory, scope: &Scope, query: String) -> Result<f64> {
    let started = Instant::now();
    memory.recall(scope, Query::new(query)).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

struct Corpus {
    random: StdRng,
    /// How much of the corpus the words up to each rank make.
    cumulated: Vec<f64>,
}

impl Corpus {
    fn new() -> Self {
        let mut sum = 0.0;
        let mut add = |rank: usize| {
            sum += 1.0 / rank as f64;
            sum
        };
        Self {
            random: StdRng::seed_from_u64(1),
            cumulated: (1..=VOCABULARY).map(&mut add).collect(),
        }
    }

    fn turn(&mut self, index: usize) -> Turn {
        let words = self.random.random_range(5..=60);
        Turn {
            source_id: format!("msg_{index}"),
            session: SessionId::new(format!("conv_{}", index / SESSION)),
            speaker: "user".to_owned(),
            text: self.text(words),
            caption: None,
            at: index as i64 * MINUTE_MS,
        }
    }

    fn query(&mut self) -> String {
        let words = self.random.random_range(3..=12);
        self.text(words)
    }

    fn text(&mut self, words: usize) -> String {
        let all = self.cumulated.last().copied().unwrap_or_default();
        let drawn = |_| {
            let at = self.random.random_range(0.0..all);
            word(self.cumulated.partition_point(|sum| *sum < at))
        };
        (0..words).map(drawn).collect::<Vec<_>>().join(" ")
    }
}

/// The word of a rank, which no other has: its digits as syllables.
fn word(mut rank: usize) -> String {
    let mut text = String::from("x");
    loop {
        text.push_str(SYLLABLES[rank % SYLLABLES.len()]);
        rank /= SYLLABLES.len();
        if rank == 0 {
            return text;
        }
    }
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

fn disk_mib(folder: &Path) -> Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes as f64 / (1 << 20) as f64)
}
