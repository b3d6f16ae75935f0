//! Decisions of the limiter that instances share on Redis.

use std::time::{Duration, Instant};

use futures::future::join_all;
use karen_core::Karen;
use karen_core::auth::{Quota, RateKey};
use karen_core::config::Layers;
use serde::Serialize;

use crate::{Result, load, print, quantile};

#[derive(Serialize)]
struct Row {
    decisions: usize,
    callers: usize,
    decisions_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    load: f64,
}

pub(crate) async fn run(redis: &str, decisions: usize, callers: usize) -> Result<()> {
    let layers = Layers::default()
        .set("data.folder", ":memory:")?
        .set("data.namespace", "bench_limits")?
        .set("redis.urls", &format!("[\"{redis}\"]"))?;
    let karen = Karen::builder().config(layers.config()?).open().await?;
    let limiter = karen.auth().limiter();
    let quota = Quota {
        burst: 100,
        period: Duration::from_millis(10),
    };
    let first = RateKey::new("bench", "first");
    let _connected = limiter.take(&first, &quota).await?;
    let begun = Instant::now();
    let tasks = (0..callers).map(|caller| {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            let key = RateKey::new("bench", &caller.to_string());
            let mut times = Vec::new();
            for _ in 0..decisions / callers {
                let begun = Instant::now();
                let _granted = limiter.take(&key, &quota).await?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            Ok::<_, karen_core::auth::AuthError>(times)
        })
    });
    let mut times = Vec::new();
    for done in join_all(tasks).await {
        times.extend(done??);
    }
    print(&Row {
        decisions: times.len(),
        callers,
        decisions_per_second: times.len() as f64 / begun.elapsed().as_secs_f64(),
        p50_ms: quantile(&mut times, 0.5),
        p99_ms: quantile(&mut times, 0.99),
        load: load(),
    });
    Ok(karen.close().await?)
}
