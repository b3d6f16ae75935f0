//! Embedding with an encoder of MiniLM's shape, beside sentence-transformers.
//!
//! The two take turns, a round each, on one thread; what is printed is the median of the rounds.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use karen_infer::{ModelName, Models, ModelsConfig};
use serde_json::json;

use crate::peer::Peer;
use crate::{Result, load, print, quantile};

/// Reads rounds and answers each.
const PEER: &str = include_str!("../embed.py");
const BATCHES: [usize; 2] = [1, 32];
/// Texts of a round, of 8 to 39 words.
const TEXTS: usize = 32;
const WORDS: [&str; 8] = [
    "my", "dog", "is", "called", "biscuit", "and", "likes", "train",
];

#[derive(Args)]
pub(crate) struct EmbedBench {
    /// A folder with an encoder: `benches/encoder.py` writes one.
    #[arg(long)]
    model: PathBuf,
    /// An interpreter that has sentence-transformers; without it Karen is measured alone.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Rounds of each batch size.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds that a round takes.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

impl EmbedBench {
    pub(crate) async fn run(self) -> Result<()> {
        let config = ModelsConfig {
            threads: Some(NonZeroUsize::MIN),
            ..ModelsConfig::default()
        };
        let models = Models::open(config).await?;
        let model = models.add(&self.model, None).await?.name;
        let peer = self.python.as_deref();
        let mut peer = peer.map(|python| start(python, &self.model)).transpose()?;
        let texts = texts();
        for batch in BATCHES {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..self.rounds {
                ours.push(embed(&models, &model, &texts, batch, self.seconds).await?);
                if let Some(peer) = &mut peer {
                    theirs.push(round(peer, &texts, batch, self.seconds)?);
                }
            }
            let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
            print(&json!({
                "bench": "embed",
                "batch": batch,
                "rounds": self.rounds,
                "texts_per_second": quantile(&mut ours, 0.5),
                "peer": peer.as_ref().map(|peer| &peer.name),
                "peer_texts_per_second": quantile(&mut theirs, 0.5),
                "ratio": quantile(&mut ratios, 0.5),
                "load": load(),
            }));
        }
        Ok(())
    }
}

/// Texts a second, after a first time that does not count.
async fn embed(
    models: &Models,
    model: &ModelName,
    texts: &[String],
    batch: usize,
    seconds: f64,
) -> Result<f64> {
    models.embed(model, texts).await?;
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed().as_secs_f64() < seconds {
        for part in texts.chunks(batch) {
            models.embed(model, part).await?;
        }
        done += texts.len();
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

fn texts() -> Vec<String> {
    let text = |i: usize| {
        let words = (0..8 + i * 5 % TEXTS).map(|at| WORDS[(i + at) % WORDS.len()]);
        words.collect::<Vec<_>>().join(" ")
    };
    (0..TEXTS).map(text).collect()
}

fn start(python: &Path, model: &Path) -> Result<Peer> {
    let mut command = Command::new(python);
    command
        .args(["-c", PEER])
        .arg(model)
        .env("OMP_NUM_THREADS", "1")
        .env("HF_HUB_OFFLINE", "1");
    Peer::start(&mut command)
}

/// Texts a second of sentence-transformers.
fn round(peer: &mut Peer, texts: &[String], batch: usize, seconds: f64) -> Result<f64> {
    let answer = peer.ask(&json!({ "texts": texts, "batch": batch, "seconds": seconds }))?;
    let texts = answer["texts_per_second"].as_f64();
    Ok(texts.ok_or("the peer answers no number")?)
}
