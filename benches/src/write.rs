//! Durable writes, beside a bare append to a file that is synced as often.
//!
//! Records and files lie on the same disk, and take turns. What is said is written with
//! [`Memory::ingest`], what is noted with [`Memory::remember`], which looks for what it repeats first.
//! The words are those of `memory`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use karen_memory::{Memory, NewRecord, Query, Scope, TenantId, Turn, UserId};
use serde::Serialize;

use crate::backend::Backend;
use crate::corpus::Corpus;
use crate::{Result, load, print, quantile};

const BATCH: usize = 1000;

#[derive(Serialize)]
struct Row {
    writes: usize,
    append_p50_ms: f64,
    ingest_p50_ms: f64,
    ingest_p95_ms: f64,
    /// How many times as long as the append of the same text.
    ingest_to_append: f64,
    remember_p50_ms: f64,
    remember_p95_ms: f64,
    /// A recall right after a write, which has to find it.
    next_recall_p50_ms: f64,
    /// Written, in batches of a thousand.
    batch_per_s: f64,
    /// Written and indexed.
    batch_indexed_per_s: f64,
    load: f64,
}

/// What each kind of write took, in milliseconds.
#[derive(Default)]
struct Took {
    append: Vec<f64>,
    ingest: Vec<f64>,
    remember: Vec<f64>,
    recall: Vec<f64>,
}

pub(crate) async fn run(writes: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let memory = Backend::embedded().open(folder.path()).await?;
    let mut took = singles(&memory, folder.path(), writes).await?;
    let (batch_per_s, batch_indexed_per_s) = batches(&memory, writes).await?;
    let append_p50_ms = quantile(&mut took.append, 0.5);
    let ingest_p50_ms = quantile(&mut took.ingest, 0.5);
    print(&Row {
        writes,
        append_p50_ms,
        ingest_p50_ms,
        ingest_p95_ms: quantile(&mut took.ingest, 0.95),
        ingest_to_append: ingest_p50_ms / append_p50_ms,
        remember_p50_ms: quantile(&mut took.remember, 0.5),
        remember_p95_ms: quantile(&mut took.remember, 0.95),
        next_recall_p50_ms: quantile(&mut took.recall, 0.5),
        batch_per_s,
        batch_indexed_per_s,
        load: load(),
    });
    Ok(())
}

async fn singles(memory: &Memory, folder: &Path, writes: usize) -> Result<Took> {
    let (mut corpus, mut took) = (Corpus::new(), Took::default());
    let (scope, notes) = (scope("said"), scope("noted"));
    let mut file = File::create(folder.join("bare"))?;
    for index in 0..writes {
        let turn = corpus.turn(index);
        let note = NewRecord::fact(corpus.turn(index).text);

        let started = Instant::now();
        file.write_all(turn.text.as_bytes())?;
        file.sync_data()?;
        took.append.push(ms(started));

        let started = Instant::now();
        let kept = memory.ingest(&scope, vec![turn.clone()]).await?;
        took.ingest.push(ms(started));

        let started = Instant::now();
        let recall = memory.recall(&scope, Query::new(turn.text)).await?;
        took.recall.push(ms(started));
        if !recall
            .items
            .iter()
            .any(|item| kept.contains(&item.record.id))
        {
            return Err("the next recall does not see a write".into());
        }

        let started = Instant::now();
        memory.remember(&notes, note).await?;
        took.remember.push(ms(started));
    }
    Ok(took)
}

/// Records a second: written, and written and indexed.
async fn batches(memory: &Memory, writes: usize) -> Result<(f64, f64)> {
    let (mut corpus, scope) = (Corpus::new(), scope("batches"));
    let records = writes.next_multiple_of(BATCH) * 10;
    let turns: Vec<Turn> = (0..records).map(|index| corpus.turn(index)).collect();
    let started = Instant::now();
    for batch in turns.chunks(BATCH) {
        memory.ingest(&scope, batch.to_vec()).await?;
    }
    let written = started.elapsed();
    memory.flush(&scope).await?;
    let per_s = |took: f64| records as f64 / took;
    let indexed = started.elapsed();
    Ok((per_s(written.as_secs_f64()), per_s(indexed.as_secs_f64())))
}

fn scope(user: &str) -> Scope {
    Scope::new(TenantId::new("bench"), UserId::new(user))
}

fn ms(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
