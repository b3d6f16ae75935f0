//! Measures Karen. Every subcommand prints one JSON object a line; nothing else goes to stdout.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

mod against;
mod audit;
mod backend;
mod cache;
mod corpus;
mod embed;
mod engine;
mod enumeration;
mod estimate;
mod goldens;
mod guard;
mod http;
mod limits;
mod locomo;
mod logins;
mod memory;
mod novelty;
mod pack;
mod peer;
mod python;
mod recall;
mod revocation;
mod start;
mod static_embedder;
mod supersede;
mod turn;
mod upstream;
mod weight;
mod write;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[derive(Parser)]
#[command(about = "Measures Karen; prints one JSON object a line.")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// From starting the process to being ready, for each start-up mode.
    Start {
        /// Starts of each mode; the median is printed.
        #[arg(long, default_value_t = 15)]
        runs: usize,
    },
    /// What Karen adds to a bare loop over the model's stream.
    Turn {
        /// Turns measured.
        #[arg(long, default_value_t = 50)]
        runs: usize,
    },
    /// An answer from the cache.
    Cache {
        /// Answers in the cache, each asked for once.
        #[arg(long, default_value_t = 10_000)]
        answers: usize,
        /// Asks other questions that mean the same; and pairs that differ, or do not.
        #[arg(long)]
        semantic: bool,
    },
    /// Verifying an audit log on disk.
    Audit {
        /// Entries of the log.
        #[arg(long, default_value_t = 1_000_000)]
        entries: u64,
        /// Times it is verified.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Logins at once: how many a second, and the memory that they take.
    Logins {
        /// Logins begun at the same time.
        #[arg(long, default_value_t = 200)]
        concurrent: usize,
    },
    /// Decisions a second of the limiter that instances share.
    Limits {
        /// Its server, such as redis://127.0.0.1:6379.
        #[arg(long)]
        redis: String,
        /// Decisions in all.
        #[arg(long, default_value_t = 20_000)]
        decisions: usize,
        /// Those who ask at the same time.
        #[arg(long, default_value_t = 8)]
        callers: usize,
    },
    /// How long a session that one instance ended lives on on another.
    Revocation {
        /// An empty database.
        #[arg(long)]
        postgres: String,
        /// Where the instances tell one another.
        #[arg(long)]
        redis: String,
        /// Sessions that are ended.
        #[arg(long, default_value_t = 200)]
        sessions: usize,
    },
    /// CPU time of an authenticated GET, by what tokens are signed with.
    Guard {
        /// Requests a round.
        #[arg(long, default_value_t = 5_000)]
        requests: usize,
        /// Rounds through all algorithms.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Whether the time of a refused login tells who has an account.
    Enumeration {
        /// Tries at accounts that exist, and as many at others.
        #[arg(long, default_value_t = 2_000)]
        tries: usize,
    },
    /// An authenticated GET, over keep-alive connections on loopback.
    Http {
        /// Requests in all.
        #[arg(long, default_value_t = 20_000)]
        requests: usize,
        /// Connections at once.
        #[arg(long, default_value_t = 8)]
        connections: usize,
    },
    /// What a model was estimated to take in memory, against what it takes.
    Estimate(estimate::EstimateBench),
    /// The engine against bare loops over llama.cpp.
    Engine(engine::EngineBench),
    /// Embedding with an encoder, beside sentence-transformers.
    Embed(embed::EmbedBench),
    /// What a call of a provider takes more through karen-infer.
    Upstream(upstream::UpstreamBench),
    /// Embedding short texts with a static table, on one core.
    Static(static_embedder::StaticBench),
    /// A bare loop over llama.cpp, for `engine`.
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        model: PathBuf,
        #[arg(long)]
        threads: i32,
        #[arg(long)]
        streams: usize,
        #[arg(long)]
        tokens: u32,
    },
    /// Greedy tokens against PyTorch's.
    Goldens {
        /// The demonstration model.
        #[arg(long, default_value = "tests/model/karen-demo.gguf")]
        model: PathBuf,
        /// Its goldens.
        #[arg(long, default_value = "tests/model/goldens.json")]
        goldens: PathBuf,
    },
    /// Recall over many records of one user.
    Memory {
        /// Records.
        #[arg(long, default_value_t = 100_000)]
        records: usize,
        /// Once for each part on its server too, a row each: needs scripts/services.sh.
        #[arg(long)]
        servers: bool,
    },
    /// Durable writes, beside a bare append that is synced.
    Write {
        /// Writes of each kind.
        #[arg(long, default_value_t = 500)]
        writes: usize,
    },
    /// Evidence recall on LoCoMo.
    Recall {
        /// The data, such as locomo10.json.
        #[arg(long)]
        locomo: PathBuf,
        /// Leaves the embedder out: words alone.
        #[arg(long)]
        lexical: bool,
        /// Measures a memory from PyPI too, with the same embedder.
        #[arg(long, value_enum, requires = "python", conflicts_with = "lexical")]
        against: Option<against::Against>,
        /// An interpreter that has it.
        #[arg(long)]
        python: Option<PathBuf>,
        /// Times that every question is asked, for `--against`.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Evidence on LoCoMo that survives packing into a prompt.
    Pack {
        /// The data, such as locomo10.json.
        #[arg(long)]
        locomo: PathBuf,
        /// Tokens of the pack at most, counted as four bytes each.
        #[arg(long, default_value_t = 1000)]
        tokens: u32,
    },
    /// Junk that memory refuses, and news that it loses.
    Novelty {
        /// Facts that junk and news are made from.
        #[arg(long, default_value_t = 300)]
        facts: usize,
    },
    /// Facts that later ones retire, and those wrongly retired.
    Supersede {
        /// Times that each pair of sentences is told, with other names.
        #[arg(long, default_value_t = 20)]
        rounds: usize,
    },
    /// The Python package, from a wheel.
    Python {
        /// The wheel: `make wheel` builds one.
        #[arg(long)]
        wheel: PathBuf,
        /// The interpreter that it is installed for.
        #[arg(long, default_value = "python3")]
        python: String,
        /// The linker's map of the wheel's native module, which `make wheel` leaves beside it.
        #[arg(long)]
        map: Option<PathBuf>,
    },
    /// What `start` measures, in a process of its own.
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        mode: String,
        #[arg(long)]
        folder: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().bench).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print(&serde_json::json!({ "error": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

async fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Start { runs } => start::run(runs),
        Bench::Turn { runs } => turn::run(runs).await,
        Bench::Cache { answers, semantic } => cache::run(answers, semantic).await,
        Bench::Audit { entries, rounds } => audit::run(entries, rounds).await,
        Bench::Guard { requests, rounds } => guard::run(requests, rounds).await,
        Bench::Logins { concurrent } => logins::run(concurrent).await,
        Bench::Limits {
            redis,
            decisions,
            callers,
        } => limits::run(&redis, decisions, callers).await,
        Bench::Revocation {
            postgres,
            redis,
            sessions,
        } => revocation::run(&postgres, &redis, sessions).await,
        Bench::Enumeration { tries } => enumeration::run(tries).await,
        Bench::Http {
            requests,
            connections,
        } => http::run(requests, connections).await,
        Bench::Engine(bench) => bench.run().await,
        Bench::Estimate(bench) => bench.run().await,
        Bench::Embed(bench) => bench.run().await,
        Bench::Static(bench) => bench.run().await,
        Bench::Upstream(bench) => bench.run().await,
        Bench::Bare {
            model,
            threads,
            streams,
            tokens,
        } => engine::bare(&model, threads, streams, tokens),
        Bench::Goldens { model, goldens } => goldens::run(&model, &goldens).await,
        Bench::Memory { records, servers } => memory::run(records, servers).await,
        Bench::Write { writes } => write::run(writes).await,
        Bench::Recall {
            locomo,
            against: Some(against),
            python: Some(python),
            rounds,
            ..
        } => against::run(&locomo, against, &python, rounds).await,
        Bench::Recall {
            locomo, lexical, ..
        } => recall::run(&locomo, lexical).await,
        Bench::Pack { locomo, tokens } => pack::run(&locomo, tokens).await,
        Bench::Novelty { facts } => novelty::run(facts).await,
        Bench::Supersede { rounds } => supersede::run(rounds).await,
        Bench::Python { wheel, python, map } => python::run(&wheel, &python, map.as_deref()),
        Bench::Serve { mode, folder } => start::serve(&mode, folder).await,
    }
}

/// One line of output.
fn print(row: &impl Serialize) {
    println!(
        "{}",
        serde_json::to_string(row).expect("rows are plain data")
    );
}

/// The value below which this share of the values lies; the values need not be in order.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Processes that ran or waited to run in the last minute: a figure taken on a busy machine says so.
fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or(f64::NAN)
}
