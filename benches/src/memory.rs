//! Recall over many records of one user.
//!
//! Words alone rank, unless the row says that meanings do too; embedding the query does not count.

use std::path::Path;
use std::time::Instant;

use karen_memory::{Memory, Query, Scope, SessionId, TenantId, UserId};
use serde::Serialize;

use crate::backend::Backend;
use crate::corpus::{Corpus, SESSION};
use crate::{Result, load, print, quantile};

const BATCH: usize = 2000;
const QUERIES: usize = 300;

#[derive(Serialize)]
struct Row {
    /// What is on a server; the rest is in this process.
    backend: &'static str,
    records: usize,
    recall_p50_ms: f64,
    recall_p95_ms: f64,
    recall_p99_ms: f64,
    /// The newest records of a session.
    recent_p50_ms: f64,
    rss_mib: f64,
    disk_mib: f64,
    /// From opening to the first recall.
    reopen_ms: f64,
    ingest_per_s: f64,
    load: f64,
}

pub(crate) async fn run(records: usize, servers: bool) -> Result<()> {
    let backends = match servers {
        true => Backend::each()?,
        false => vec![Backend::embedded(), Backend::meaningful()],
    };
    for backend in backends {
        measure(records, &backend).await?;
    }
    Ok(())
}

async fn measure(records: usize, backend: &Backend) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tenant = format!("bench {}", std::process::id());
    let scope = Scope::new(TenantId::new(tenant), UserId::new("ada"));
    let mut corpus = Corpus::new();
    let memory = backend.open(folder.path()).await?;
    let started = Instant::now();
    for from in (0..records).step_by(BATCH) {
        let turns = (from..records.min(from + BATCH)).map(|i| corpus.turn(i));
        memory.ingest(&scope, turns.collect()).await?;
    }
    memory.flush(&scope).await?;
    let ingest_per_s = records as f64 / started.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for _ in 0..QUERIES {
        let embedding = backend.embedding();
        let all = recall(&memory, &scope, corpus.query()).await?;
        took.push(all - (backend.embedding() - embedding).as_secs_f64() * 1e3);
    }
    let mut recent_took = Vec::new();
    for i in 0..QUERIES.min(records) {
        recent_took.push(recent(&memory, &scope, i / SESSION).await?);
    }
    let rss_mib = resident_mib();
    drop(memory);
    let reopened = Instant::now();
    let memory = backend.open(folder.path()).await?;
    recall(&memory, &scope, corpus.query()).await?;
    let reopen_ms = reopened.elapsed().as_secs_f64() * 1e3;
    print(&Row {
        backend: backend.name,
        records,
        recall_p50_ms: quantile(&mut took, 0.5),
        recall_p95_ms: quantile(&mut took, 0.95),
        recall_p99_ms: quantile(&mut took, 0.99),
        recent_p50_ms: quantile(&mut recent_took, 0.5),
        rss_mib,
        disk_mib: disk_mib(folder.path())?,
        reopen_ms,
        ingest_per_s,
        load: load(),
    });
    backend.clear(&memory, &scope).await
}

/// Milliseconds that the newest records of a session took.
async fn recent(memory: &Memory, scope: &Scope, session: usize) -> Result<f64> {
    let session = SessionId::new(format!("conv_{session}"));
    let scope = scope.clone().in_session(session);
    let started = Instant::now();
    memory.recent(&scope, 20).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

/// Milliseconds that a recall took.
async fn recall(memory: &Memory, scope: &Scope, query: String) -> Result<f64> {
    let started = Instant::now();
    memory.recall(scope, Query::new(query)).await?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

pub(crate) fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

fn disk_mib(folder: &Path) -> Result<f64> {
    let mut mib = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        mib += match entry.file_type()?.is_dir() {
            true => disk_mib(&entry.path())?,
            false => entry.metadata()?.len() as f64 / (1 << 20) as f64,
        };
    }
    Ok(mib)
}
