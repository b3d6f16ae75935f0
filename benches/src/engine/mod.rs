//! The engine against bare loops over llama.cpp, on the same file, a run of each in turn.

mod bare;
mod karen;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

pub(crate) use bare::tokens_per_s;

use crate::{Result, load, print, quantile};
use karen::Engine;

/// Room for eight streams and for a prompt of 2,000 tokens.
const CONTEXT_TOKENS: u32 = 4096;
const STREAMS: usize = 8;
const PREFIX_TOKENS: usize = 2000;

/// What is measured, and how.
#[derive(clap::Args)]
pub(crate) struct EngineBench {
    /// A GGUF file; benches/model.py writes one of 800 MB.
    #[arg(long)]
    model: PathBuf,
    /// Runs of each; the medians are printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Tokens that a stream writes in a run.
    #[arg(long, default_value_t = 48)]
    tokens: u32,
    /// Threads of llama.cpp.
    #[arg(long, default_value_t = 1)]
    threads: i32,
}

/// Tokens a second, and what share of the bare loop's that is.
#[derive(Serialize)]
struct Rate {
    work: &'static str,
    bare_tokens_per_s: f64,
    karen_tokens_per_s: f64,
    ratio: f64,
    /// What the slowest stream got of its fair share.
    #[serde(skip_serializing_if = "Option::is_none")]
    slowest_share: Option<f64>,
    load: f64,
}

/// Time to the first token of a long prompt: unknown, and as the second turn of a chat.
#[derive(Serialize)]
struct SecondTurn {
    work: &'static str,
    prompt_tokens: u32,
    cold_ms: f64,
    warm_ms: f64,
    ratio: f64,
    load: f64,
}

/// What the bare loop prints.
#[derive(Deserialize, Serialize)]
pub(crate) struct Bare {
    pub(crate) tokens_per_s: f64,
}

impl EngineBench {
    pub(crate) async fn run(self) -> Result<()> {
        let engine = Engine::open(&self.model, self.threads).await?;
        for (work, streams) in [("one stream", 1), ("eight streams", STREAMS)] {
            print(&self.rate(&engine, work, streams).await?);
        }
        print(&self.second_turn(&engine).await?);
        Ok(())
    }

    async fn rate(&self, engine: &Engine, work: &'static str, streams: usize) -> Result<Rate> {
        let (mut bare, mut karen, mut ratios, mut shares) = (vec![], vec![], vec![], vec![]);
        for _ in 0..self.runs {
            let reached = self.bare(streams)?;
            let given = engine.write(streams, self.tokens).await?;
            ratios.push(given.tokens_per_s / reached);
            bare.push(reached);
            karen.push(given.tokens_per_s);
            shares.push(given.slowest_share);
        }
        Ok(Rate {
            work,
            bare_tokens_per_s: quantile(&mut bare, 0.5),
            karen_tokens_per_s: quantile(&mut karen, 0.5),
            ratio: quantile(&mut ratios, 0.5),
            slowest_share: (streams > 1).then(|| quantile(&mut shares, 0.5)),
            load: load(),
        })
    }

    fn bare(&self, streams: usize) -> Result<f64> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg("--model").arg(&self.model);
        command.args(["--streams", &streams.to_string()]);
        command.args(["--tokens", &self.tokens.to_string()]);
        command.args(["--threads", &self.threads.to_string()]);
        let output = command.output()?;
        let row: Bare = serde_json::from_slice(&output.stdout)
            .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(row.tokens_per_s)
    }

    async fn second_turn(&self, engine: &Engine) -> Result<SecondTurn> {
        let (mut cold, mut warm, mut ratios) = (vec![], vec![], vec![]);
        let mut prompt_tokens = 0;
        for run in 0..self.runs {
            let first = engine.first_token(&long_prompt(run)).await?;
            let again = format!("{} And then?", long_prompt(run));
            let second = engine.first_token(&again).await?;
            ratios.push(second.ms / first.ms);
            cold.push(first.ms);
            warm.push(second.ms);
            prompt_tokens = second.prompt_tokens;
        }
        Ok(SecondTurn {
            work: "second turn",
            prompt_tokens,
            cold_ms: quantile(&mut cold, 0.5),
            warm_ms: quantile(&mut warm, 0.5),
            ratio: quantile(&mut ratios, 0.5),
            load: load(),
        })
    }
}

/// A prompt of about fifty tokens, another one for each stream.
fn prompt(stream: usize) -> String {
    words(stream).take(24).collect()
}

/// A prompt of about two thousand tokens.
fn long_prompt(run: usize) -> String {
    words(1000 + run).take(PREFIX_TOKENS).collect()
}

fn words(seed: usize) -> impl Iterator<Item = String> {
    const WORDS: &[&str] = &["dog", "name", "my", "the", "is", "your", "what", "called"];
    (seed * 7919..).map(|i| {
        format!(
            "{} ",
            WORDS[i.wrapping_mul(2_654_435_761) / 65_536 % WORDS.len()]
        )
    })
}

/// Prints what the bare loop reaches.
pub(crate) fn bare(model: &Path, threads: i32, streams: usize, tokens: u32) -> Result<()> {
    print(&Bare {
        tokens_per_s: tokens_per_s(model, threads, streams, tokens)?,
    });
    Ok(())
}
