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
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::locomo::{Question, Sample, dia_ids, milliseconds};
use crate::{Result, load, print, quantile};

#[derive(Serialize)]
struct Row {
    categories: String,
    n: usize,
    recall_at_5: f64,
    recall_at_10: f64,
    any_at_10: f64,
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
    category: u8,
    recall_at_5: f64,
    recall_at_10: f64,
}

struct BuiltIn(StaticEmbedder);

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
    for sample in &samples {
        let scope = Scope::new(TenantId::new(&sample.sample_id), UserId::new("reader"));
        turns += ingest(&memory, &scope, sample).await?;
        for question in sample.questions() {
            let started = Instant::now();
            outcomes.push(ask(&memory, &scope, &question).await?);
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

async fn ask(memory: &Memory, scope: &Scope, question: &Question) -> Result<Outcome> {
    let query = Query::new(&question.text).limit(10);
    let recall = memory.recall(scope, query).await?;
    let sources = recall
        .items
        .iter()
        .filter_map(|item| item.record.source.as_deref());
    let found: Vec<(u32, u32)> = sources.filter_map(|source| dia_ids(source).pop()).collect();
    let share = |k: usize| {
        let hits = question
            .evidence
            .iter()
            .filter(|id| found.iter().take(k).any(|f| f == *id));
        hits.count() as f64 / question.evidence.len() as f64
    };
    Ok(Outcome {
        category: question.category,
        recall_at_5: share(5),
        recall_at_10: share(10),
    })
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
        let mean = |value: &dyn Fn(&Outcome) -> f64| {
            outcomes.iter().map(|outcome| value(outcome)).sum::<f64>() / outcomes.len() as f64
        };
        print(&Row {
            categories,
            n: outcomes.len(),
            recall_at_5: mean(&|o| o.recall_at_5),
            recall_at_10: mean(&|o| o.recall_at_10),
            any_at_10: mean(&|o| f64::from(u8::from(o.recall_at_10 > 0.0))),
        });
    }
}
