//! Logins at once: how many a second, and what their hashes take of memory.

use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use karen_core::auth::{Device, NewAccount, Role};
use karen_core::config::Layers;
use karen_core::{Code, Error, Karen};
use serde::Serialize;

use crate::guard::signed_in;
use crate::{Result, load, print, quantile};

const PASSWORD: &str = "a handful of plain words";

#[derive(Serialize)]
struct Row {
    /// Of argon2id.
    memory_kib: u32,
    passes: u32,
    /// Hashes that run at the same time.
    at_once: usize,
    concurrent: usize,
    logins_per_second: f64,
    /// What one hash takes alone, by the clock.
    hash_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Told to come back, which they did.
    busy: usize,
    /// Of the process, over what it had before.
    peak_growth_mib: f64,
    load: f64,
}

/// Everybody has an account of their own: a second try at one would count as guessing.
pub(crate) async fn run(concurrent: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let layers = Layers::default().set("data.folder", &folder.path().to_string_lossy())?;
    let config = layers.config()?;
    let (memory_kib, passes) = (config.passwords.memory_kib, config.passwords.passes);
    let karen = Arc::new(Karen::builder().config(config).open().await?);
    let owner = karen.auth().authenticate(&signed_in(&karen).await?).await?;
    for number in 0..concurrent {
        let account = NewAccount {
            email: address(number),
            name: "Somebody".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let made = karen.auth().create_account(&owner, account, Role::Member);
        made.await?;
    }
    let alone = Instant::now();
    log_in(&karen, "bench@example.com").await?;
    let hash_ms = alone.elapsed().as_secs_f64() * 1e3;
    let (before_kib, begun) = (peak_kib(), Instant::now());
    let tasks = (0..concurrent).map(|number| {
        let karen = Arc::clone(&karen);
        tokio::spawn(async move {
            let begun = Instant::now();
            let busy = log_in(&karen, &address(number)).await;
            busy.map(|busy| (begun.elapsed().as_secs_f64() * 1e3, busy))
        })
    });
    let mut times = Vec::new();
    let mut refused = 0;
    for done in join_all(tasks).await {
        let (ms, busy) = done??;
        times.push(ms);
        refused += busy;
    }
    let seconds = begun.elapsed().as_secs_f64();
    print(&Row {
        memory_kib,
        passes,
        at_once: std::thread::available_parallelism().map_or(1, usize::from),
        concurrent,
        logins_per_second: concurrent as f64 / seconds,
        hash_ms,
        p50_ms: quantile(&mut times, 0.5),
        p99_ms: quantile(&mut times, 0.99),
        busy: refused,
        peak_growth_mib: (peak_kib() - before_kib) / 1024.0,
        load: load(),
    });
    Ok(())
}

fn address(number: usize) -> String {
    format!("somebody{number:06}@example.com")
}

/// Comes back when told to; how often that was.
async fn log_in(karen: &Karen, email: &str) -> Result<usize, Error> {
    let mut busy = 0;
    loop {
        let login = karen.auth().log_in(email, PASSWORD, Device::default());
        match login.await.map_err(Error::from) {
            Ok(_) => return Ok(busy),
            Err(error) if error.code() == Code::Unavailable => busy += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The most memory that the process ever held: proc(5)'s VmHWM.
fn peak_kib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(f64::NAN)
}
