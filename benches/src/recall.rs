//! Evidence recall: of the turns that answer a question, how many are among the first k recalled.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use karen_infer::StaticEmbedder;
use karen_memory::{
    Embedder, Memory, MemoryConfig, MemoryError, Query, Scope, SessionId, TenantId, Turn, UserId,
};
use karen_sql::{Database, Location};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::locomo::{Question, Sample, dia_ids, milliseconds};
use crate::{Result, load, print, quantile};

/// Records asked for: enough to see five sessions.
const ITEMS: usize = 50;
const BOOTSTRAPS: usize = 2000;
const BOOTSTRAP_SEED: u64 = 1;

#[derive(Serialize)]
struct Row {
    categories: String,
    n: usize,
    recall_at_5: f64,
    recall_at_10: f64,
    /// 95 % of the means of resampled conversations lie between these.
    recall_at_10_interval: [f64; 2],
    any_at_10: f64,
    all_at_10: f64,
    session_hit_1: f64,
    session_recall_5: f64,
}

#[derive(Serialize)]
struct Run {
    channels: &'static str,
    questions: usize,
    turns: usize,
    recall_p50_ms: f64,
    recall_p95_ms: f64,
    data_sha256: String,
    load: f64,
}

/// How one question went.
struct Outcome {
    /// The conversation that it was asked of.
    sample: usize,
    category: u8,
    recall_at_5: f64,
    recall_at_10: f64,
    /// Whether the first record is of a session that holds evidence.
    session_hit_1: f64,
    /// The share of such sessions among the first five.
    session_recall_5: f64,
}

pub(crate) struct BuiltIn(pub(crate) StaticEmbedder);

#[async_trait]
impl Embedder for BuiltIn {
    fn id(&self) -> &str {
        StaticEmbedder::ID
    }

    fn dim(&self) -> usize {
        StaticEmbedder::DIM
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Ok(self.0.embed(&texts))
    }
}

pub(crate) async fn run(path: &Path, lexical: bool) -> Result<()> {
    let data = std::fs::read(path)?;
    let samples: Vec<Sample> = serde_json::from_slice(&data)?;
    let memory = open(lexical).await?;
    let (mut outcomes, mut times, mut turns) = (Vec::new(), Vec::new(), 0);
    for (number, sample) in samples.iter().enumerate() {
        let scope = Scope::new(TenantId::new(&sample.sample_id), UserId::new("reader"));
        turns += ingest(&memory, &scope, sample).await?;
        for question in sample.questions() {
            let started = Instant::now();
            outcomes.push(ask(&memory, &scope, &question, number).await?);
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    report(&outcomes);
    print(&Run {
        channels: if lexical {
            "words"
        } else {
            "words and meaning"
        },
        questions: outcomes.len(),
        turns,
        recall_p50_ms: quantile(&mut times, 0.5),
        recall_p95_ms: quantile(&mut times, 0.95),
        data_sha256: Sha256::digest(&data)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        load: load(),
    });
    Ok(())
}

/// An empty memory; `lexical` leaves the embedder out.
pub(crate) async fn open(lexical: bool) -> Result<Memory> {
    let mut config = MemoryConfig::new(Database::open(Location::Memory).await?);
    if !lexical {
        config.embedder = Some(Arc::new(BuiltIn(StaticEmbedder::builtin()?)));
    }
    Ok(Memory::open(config).await?)
}

/// Gives the number of turns.
pub(crate) async fn ingest(memory: &Memory, scope: &Scope, sample: &Sample) -> Result<usize> {
    let mut turns = Vec::new();
    for session in sample.sessions() {
        let at = milliseconds(&session.date).ok_or("a session has no date")?;
        // One second apart, so that the order of a session is that of its turns.
        let timed = session.turns.into_iter().zip(0_i64..);
        turns.extend(timed.map(|(said, index)| Turn {
            source_id: said.dia_id,
            session: SessionId::new(format!("session_{}", session.number)),
            speaker: said.speaker,
            text: said.text,
            caption: said.blip_caption,
            at: at + index * 1000,
        }));
    }
    let count = turns.len();
    memory.ingest(scope, turns).await?;
    Ok(count)
}

async fn ask(
    memory: &Memory,
    scope: &Scope,
    question: &Question,
    sample: usize,
) -> Result<Outcome> {
    let query = Query::new(&question.text).limit(ITEMS);
    let recall = memory.recall(scope, query).await?;
    let sources = recall
        .items
        .iter()
        .filter_map(|item| item.record.source.as_deref());
    let found: Vec<(u32, u32)> = sources.filter_map(|source| dia_ids(source).pop()).collect();
    let first_sessions = distinct(found.iter().map(|(session, _)| *session));
    let sessions = distinct(question.evidence.iter().map(|(session, _)| *session));
    Ok(Outcome {
        sample,
        category: question.category,
        recall_at_5: share(&question.evidence, &found, 5),
        recall_at_10: share(&question.evidence, &found, 10),
        session_hit_1: f64::from(u8::from(share(&sessions, &first_sessions, 1) > 0.0)),
        session_recall_5: share(&sessions, &first_sessions, 5),
    })
}

/// The share of `wanted` among the first `k` of `found`.
pub(crate) fn share<T: PartialEq>(wanted: &[T], found: &[T], k: usize) -> f64 {
    let first = &found[..k.min(found.len())];
    wanted.iter().filter(|w| first.contains(w)).count() as f64 / wanted.len() as f64
}

/// In the order of their first appearance.
fn distinct(sessions: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut seen = Vec::new();
    for session in sessions {
        if !seen.contains(&session) {
            seen.push(session);
        }
    }
    seen
}

fn report(outcomes: &[Outcome]) {
    let mut groups: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        let mut join = |group: &str| groups.entry(group.to_owned()).or_default().push(outcome);
        join(&outcome.category.to_string());
        join("all");
        if (1..=4).contains(&outcome.category) {
            join("1-4");
        }
    }
    for (categories, outcomes) in groups {
        print(&row(categories, &outcomes));
    }
}

fn row(categories: String, outcomes: &[&Outcome]) -> Row {
    let mean = |value: fn(&Outcome) -> f64| mean(outcomes.iter().map(|o| value(o)));
    Row {
        categories,
        n: outcomes.len(),
        recall_at_5: mean(|o| o.recall_at_5),
        recall_at_10: mean(|o| o.recall_at_10),
        recall_at_10_interval: interval(outcomes),
        any_at_10: mean(|o| f64::from(u8::from(o.recall_at_10 > 0.0))),
        all_at_10: mean(|o| f64::from(u8::from(o.recall_at_10 >= 1.0))),
        session_hit_1: mean(|o| o.session_hit_1),
        session_recall_5: mean(|o| o.session_recall_5),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / count
}

/// The bootstrap of clusters (Efron and Tibshirani 1993): questions of one conversation are not
/// independent of one another.
fn interval(outcomes: &[&Outcome]) -> [f64; 2] {
    let mut clusters: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for outcome in outcomes {
        let cluster = clusters.entry(outcome.sample).or_default();
        cluster.push(outcome.recall_at_10);
    }
    let clusters: Vec<Vec<f64>> = clusters.into_values().collect();
    let mut random = StdRng::seed_from_u64(BOOTSTRAP_SEED);
    let resampled = |_| {
        let drawn = (0..clusters.len()).map(|_| &clusters[random.random_range(0..clusters.len())]);
        mean(drawn.flatten().copied())
    };
    let mut means: Vec<f64> = (0..BOOTSTRAPS).map(resampled).collect();
    [quantile(&mut means, 0.025), quantile(&mut means, 0.975)]
}
