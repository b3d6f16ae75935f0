//! Answers to questions that mean the same: how soon, how many, and never a wrong one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use karen_infer::{
    GenerateRequest, InProcessCache, Message, ModelName, Models, ModelsConfig, SemanticConfig,
};
use serde::Serialize;

use super::pairs;
use crate::turn::Instantly;
use crate::{Result, load, print, quantile};

/// Pairs that differ, of each of four kinds.
const PAIRS_A_KIND: usize = 125;
/// Hits that are timed.
const HITS: usize = 2_000;

#[derive(Serialize)]
struct Row {
    questions: usize,
    hit_us_p50: f64,
    hit_us_p99: f64,
    pairs_that_differ: usize,
    false_hits: usize,
    pairs_that_mean_the_same: usize,
    found: usize,
    load: f64,
}

pub(super) async fn run(questions: usize) -> Result<()> {
    let different = pairs::different(PAIRS_A_KIND);
    let same = pairs::same();
    let mut times = hits(questions).await?;
    print(&Row {
        questions,
        hit_us_p50: quantile(&mut times, 0.5),
        hit_us_p99: quantile(&mut times, 0.99),
        pairs_that_differ: different.len(),
        false_hits: found(&different).await?,
        pairs_that_mean_the_same: same.len(),
        found: found(&same).await?,
        load: load(),
    });
    Ok(())
}

async fn open() -> Result<Models> {
    let models = Models::open(ModelsConfig {
        cache: Some(Arc::new(InProcessCache::new(4 << 30, Duration::MAX))),
        semantic: Some(SemanticConfig::default()),
        ..ModelsConfig::default()
    })
    .await?;
    models.register(&ModelName::parse("instantly")?, Arc::new(Instantly))?;
    Ok(models)
}

/// Microseconds that answers to other questions took, among so many.
async fn hits(questions: usize) -> Result<Vec<f64>> {
    let models = open().await?;
    for number in 0..questions {
        ask(&models, format!("How do I wire lamp {number} to the wall?")).await?;
    }
    let step = (questions / HITS).max(1);
    let mut times = Vec::new();
    for number in (0..questions).step_by(step) {
        let question = format!("Please tell me how to wire lamp {number} to the wall.");
        let (took, is_similar) = ask(&models, question).await?;
        if !is_similar {
            return Err("a question that means the same is not found".into());
        }
        times.push(took);
    }
    Ok(times)
}

/// The pairs whose second question is given the answer to the first.
async fn found(pairs: &[pairs::Pair]) -> Result<usize> {
    let mut found = 0;
    for (first, second) in pairs {
        let models = open().await?;
        ask(&models, first.clone()).await?;
        found += usize::from(ask(&models, second.clone()).await?.1);
    }
    Ok(found)
}

/// Microseconds to the last event, and whether another question's answer is given.
async fn ask(models: &Models, question: String) -> Result<(f64, bool)> {
    let request = GenerateRequest {
        messages: vec![Message::user(question)],
        max_tokens: Some(16),
        ..GenerateRequest::default()
    };
    let started = Instant::now();
    let mut answer = models.generate(request).await?;
    let is_similar = answer.served().is_similar;
    while let Some(event) = answer.next().await {
        event?;
    }
    Ok((started.elapsed().as_secs_f64() * 1e6, is_similar))
}
