//! Recall beside a memory from PyPI: the same turns, the same vectors, the same questions on LoCoMo.
//!
//! The two take turns, a question each. Karen embeds each question, and the peer is given the vector; Karen makes
//! its own documents of the turns, and the peer keeps them as `speaker: text`.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use clap::ValueEnum;
use karen_infer::StaticEmbedder;
use karen_memory::{Memory, Query, Scope, TenantId, UserId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::locomo::{Question, Said, Sample, dia_ids};
use crate::peer::Peer;
use crate::recall::{ingest, open, share};
use crate::{Result, load, print, quantile};

const PROGRAM: &str = include_str!("../recall.py");
const FOUND: usize = 10;

/// Who is measured beside Karen.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Against {
    Chroma,
    Mem0,
}

#[derive(Serialize)]
struct Row {
    bench: &'static str,
    peer: String,
    questions: usize,
    turns: usize,
    recall_at_10: f64,
    peer_recall_at_10: f64,
    any_at_10: f64,
    peer_any_at_10: f64,
    rounds: usize,
    p50_ms: f64,
    peer_p50_ms: f64,
    times_faster_p50: f64,
    p95_ms: f64,
    peer_p95_ms: f64,
    times_faster_p95: f64,
    load: f64,
}

/// What was found of the evidence, and how long that took.
#[derive(Default)]
struct Side {
    recall_at_10: Vec<f64>,
    milliseconds: Vec<f64>,
    p50: Vec<f64>,
    p95: Vec<f64>,
}

pub(crate) async fn run(data: &Path, against: Against, python: &Path, rounds: usize) -> Result<()> {
    let samples: Vec<Sample> = serde_json::from_slice(&std::fs::read(data)?)?;
    let name = against.to_possible_value().ok_or("it has a name")?;
    let mut peer = Peer::start(Command::new(python).args(["-c", PROGRAM, name.get_name()]))?;
    let (memory, embedder) = (open(false).await?, StaticEmbedder::builtin()?);
    let mut turns = 0;
    for sample in &samples {
        turns += ingest(&memory, &scope(sample), sample).await?;
        peer.ask(&keep(sample, &embedder))?;
    }
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    for _ in 0..rounds {
        for sample in &samples {
            for question in sample.questions() {
                ours.ask_karen(&memory, &scope(sample), &question).await?;
                theirs.ask_peer(&mut peer, sample, &question, &embedder)?;
            }
        }
        ours.end_round();
        theirs.end_round();
    }
    print(&row(peer.name.clone(), turns, rounds, ours, theirs));
    Ok(())
}

fn scope(sample: &Sample) -> Scope {
    Scope::new(TenantId::new(&sample.sample_id), UserId::new("reader"))
}

fn keep(sample: &Sample, embedder: &StaticEmbedder) -> Value {
    let sessions = sample.sessions();
    let said: Vec<&Said> = sessions.iter().flat_map(|session| &session.turns).collect();
    let texts: Vec<String> = said.iter().map(|said| text(said)).collect();
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = embedder.embed(&borrowed);
    let notes = said.iter().zip(&texts).zip(vectors);
    let notes = notes
        .map(|((said, text), vector)| json!({ "id": said.dia_id, "text": text, "vector": vector }));
    json!({ "keep": sample.sample_id, "notes": notes.collect::<Vec<_>>() })
}

fn text(said: &Said) -> String {
    match &said.blip_caption {
        Some(caption) => format!("{}: {} [{caption}]", said.speaker, said.text),
        None => format!("{}: {}", said.speaker, said.text),
    }
}

impl Side {
    async fn ask_karen(
        &mut self,
        memory: &Memory,
        scope: &Scope,
        question: &Question,
    ) -> Result<()> {
        let begun = Instant::now();
        let query = Query::new(&question.text).limit(FOUND);
        let recall = memory.recall(scope, query).await?;
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        let items = recall.items.iter();
        let ids = items.filter_map(|item| item.record.source.as_deref());
        self.take(question, ids, took);
        Ok(())
    }

    fn ask_peer(
        &mut self,
        peer: &mut Peer,
        sample: &Sample,
        question: &Question,
        embedder: &StaticEmbedder,
    ) -> Result<()> {
        let answer = peer.ask(&json!({
            "ask": question.text,
            "whose": sample.sample_id,
            "vector": embedder.embed(&[&question.text])[0],
            "limit": FOUND,
        }))?;
        let ids = answer["ids"].as_array().ok_or("the peer gives no ids")?;
        let took = answer["ms"].as_f64().ok_or("the peer gives no time")?;
        self.take(question, ids.iter().filter_map(Value::as_str), took);
        Ok(())
    }

    fn take<'a>(&mut self, question: &Question, ids: impl Iterator<Item = &'a str>, took: f64) {
        let found: Vec<(u32, u32)> = ids.filter_map(|id| dia_ids(id).pop()).collect();
        self.recall_at_10
            .push(share(&question.evidence, &found, FOUND));
        self.milliseconds.push(took);
    }

    fn end_round(&mut self) {
        self.p50.push(quantile(&mut self.milliseconds, 0.5));
        self.p95.push(quantile(&mut self.milliseconds, 0.95));
        self.milliseconds.clear();
    }

    fn recall_at_10(&self) -> f64 {
        self.recall_at_10.iter().sum::<f64>() / self.recall_at_10.len() as f64
    }

    fn any_at_10(&self) -> f64 {
        let any = self.recall_at_10.iter().filter(|share| **share > 0.0);
        any.count() as f64 / self.recall_at_10.len() as f64
    }
}

fn row(peer: String, turns: usize, rounds: usize, mut ours: Side, mut theirs: Side) -> Row {
    let faster = |ours: &[f64], theirs: &[f64]| {
        let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| b / a).collect();
        quantile(&mut ratios, 0.5)
    };
    Row {
        bench: "recall",
        peer,
        questions: ours.recall_at_10.len() / rounds,
        turns,
        recall_at_10: ours.recall_at_10(),
        peer_recall_at_10: theirs.recall_at_10(),
        any_at_10: ours.any_at_10(),
        peer_any_at_10: theirs.any_at_10(),
        rounds,
        times_faster_p50: faster(&ours.p50, &theirs.p50),
        times_faster_p95: faster(&ours.p95, &theirs.p95),
        p50_ms: quantile(&mut ours.p50, 0.5),
        peer_p50_ms: quantile(&mut theirs.p50, 0.5),
        p95_ms: quantile(&mut ours.p95, 0.5),
        peer_p95_ms: quantile(&mut theirs.p95, 0.5),
        load: load(),
    }
}
