//! What an answer from the cache takes, from the question to its last event.

mod pairs;
mod semantic;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use karen_infer::{
    Caller, GenerateRequest, InProcessCache, Message, ModelName, Models, ModelsConfig,
};
use serde::Serialize;

use crate::turn::Instantly;
use crate::{Result, load, print, quantile};

/// Pieces of each answer.
const TOKENS: u32 = 64;

#[derive(Serialize)]
struct Row {
    hit_us_p50: f64,
    hit_us_p99: f64,
    answers: usize,
    tokens: u32,
    load: f64,
}

pub(crate) async fn run(answers: usize, is_semantic: bool) -> Result<()> {
    if is_semantic {
        return semantic::run(answers).await;
    }

    let config = ModelsConfig {
        cache: Some(Arc::new(InProcessCache::new(1 << 30, Duration::MAX))),
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await?;
    models.register(&ModelName::parse("instantly")?, Arc::new(Instantly))?;
    for number in 0..answers {
        ask(&models, number).await?;
    }
    let mut times = Vec::with_capacity(answers);
    for number in 0..answers {
        let (took, from_cache) = ask(&models, number).await?;
        if !from_cache {
            return Err("an answer is not in the cache".into());
        }
        times.push(took);
    }
    print(&Row {
        hit_us_p50: quantile(&mut times, 0.5),
        hit_us_p99: quantile(&mut times, 0.99),
        answers,
        tokens: TOKENS,
        load: load(),
    });
    Ok(())
}

/// Microseconds to the last event, and whether the cache answered.
async fn ask(models: &Models, number: usize) -> Result<(f64, bool)> {
    let request = GenerateRequest {
        messages: vec![
            Message::system("You are Karen, a helpful assistant."),
            Message::user(format!("What is my {number}th question?")),
        ],
        max_tokens: Some(TOKENS),
        caller: Some(Caller::new("tenant", "user")),
        ..GenerateRequest::default()
    };
    let started = Instant::now();
    let mut answer = models.generate(request).await?;
    let from_cache = answer.served().from_cache;
    while let Some(event) = answer.next().await {
        event?;
    }
    Ok((started.elapsed().as_secs_f64() * 1e6, from_cache))
}
