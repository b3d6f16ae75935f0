//! What karen-infer adds to a call of a provider: the same requests to the same server on loopback, by a
//! bare client and through [`Models`], at a steady rate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use karen_infer::{
    GenerateRequest, Message, ModelName, Models, ModelsConfig, Provider, RemoteModel,
};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::memory::resident_mib;
use crate::{Result, load, print, quantile};

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, how can I help you today?","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":10,"total_tokens":22}}"#;
const QUESTION: &str = "Hello, who are you and what can you do for me today?";
/// Requests of each kind in turn.
const TURN: usize = 500;
/// So many before anything is counted.
const WARM_UP: usize = 1_000;

/// What is measured, and how.
#[derive(clap::Args)]
pub(crate) struct UpstreamBench {
    /// Requests of each kind.
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
    /// Requests a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
}

#[derive(Serialize)]
struct Row {
    requests: usize,
    requests_per_s: u32,
    direct_p50_ms: f64,
    direct_p99_ms: f64,
    karen_p50_ms: f64,
    karen_p99_ms: f64,
    added_p50_ms: f64,
    added_p99_ms: f64,
    /// By which the process grew after the first tenth.
    grown_mib: f64,
    load: f64,
}

/// Who asks.
#[derive(Clone)]
enum Asker {
    Direct(reqwest::Client, String),
    Karen(Models, ModelName),
}

impl UpstreamBench {
    pub(crate) async fn run(self) -> Result<()> {
        let url = mock().await?;
        let direct = Asker::Direct(reqwest::Client::new(), format!("{url}/chat/completions"));
        let karen = karen(url).await?;
        for asker in [&direct, &karen] {
            self.turn(asker, WARM_UP).await?;
        }
        let (mut by_direct, mut by_karen) = (Vec::new(), Vec::new());
        let (mut rss, turns) = (f64::NAN, self.requests.div_ceil(TURN));
        for turn in 0..turns {
            by_direct.extend(self.turn(&direct, TURN).await?);
            by_karen.extend(self.turn(&karen, TURN).await?);
            if turn == turns / 10 {
                rss = resident_mib();
            }
        }
        let grown_mib = resident_mib() - rss;
        let mut of = |share| {
            (
                quantile(&mut by_direct, share),
                quantile(&mut by_karen, share),
            )
        };
        let ((direct_p50_ms, karen_p50_ms), (direct_p99_ms, karen_p99_ms)) = (of(0.5), of(0.99));
        print(&Row {
            requests: turns * TURN,
            requests_per_s: self.rate,
            direct_p50_ms,
            direct_p99_ms,
            karen_p50_ms,
            karen_p99_ms,
            added_p50_ms: karen_p50_ms - direct_p50_ms,
            added_p99_ms: karen_p99_ms - direct_p99_ms,
            grown_mib,
            load: load(),
        });
        Ok(())
    }

    /// Milliseconds of each request; they begin at the rate, whether others have ended or not.
    async fn turn(&self, asker: &Asker, requests: usize) -> Result<Vec<f64>> {
        let mut clock = tokio::time::interval(Duration::from_secs(1) / self.rate);
        let mut asked = JoinSet::new();
        for _ in 0..requests {
            clock.tick().await;
            let asker = asker.clone();
            asked.spawn(async move { asker.ask().await.map_err(|e| e.to_string()) });
        }
        let times = asked.join_all().await.into_iter();
        Ok(times.collect::<std::result::Result<_, String>>()?)
    }
}

impl Asker {
    async fn ask(&self) -> Result<f64> {
        let started = Instant::now();
        match self {
            Self::Direct(client, url) => {
                let body = serde_json::json!({
                    "model": "mock", "stream": false,
                    "messages": [{ "role": "user", "content": QUESTION }],
                });
                let answer = client.post(url).json(&body).send().await?;
                let answer: serde_json::Value = answer.json().await?;
                std::hint::black_box(answer["choices"][0]["message"]["content"].as_str());
            }
            Self::Karen(models, name) => {
                let request = GenerateRequest {
                    model: Some(name.clone()),
                    messages: vec![Message::user(QUESTION)],
                    ..GenerateRequest::default()
                };
                let mut answer = models.generate(request).await?;
                while let Some(event) = answer.next().await {
                    std::hint::black_box(event?);
                }
            }
        }
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }
}

async fn karen(url: String) -> Result<Asker> {
    let models = Models::open(ModelsConfig::default()).await?;
    let name = ModelName::parse("mock")?;
    let remote = RemoteModel {
        base_url: Some(url),
        key_env: None,
        answers_whole: true,
        ..RemoteModel::new(Provider::OpenAi, "mock")
    };
    models.add_remote(&name, remote)?;
    Ok(Asker::Karen(models, name))
}

/// A server that gives every request the same answer.
async fn mock() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let length = ANSWER.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{ANSWER}"
    );
    let answer: Arc<str> = answer.into();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&answer)));
        }
    });
    Ok(url)
}

/// Answers until the other side has gone.
async fn serve(mut stream: TcpStream, answer: Arc<str>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        while let Some(end) = end_of_request(&read) {
            read.drain(..end);
            stream.write_all(answer.as_bytes()).await?;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// Where the first request ends, if it is whole.
fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let lines = std::str::from_utf8(&bytes[..head]).ok()?.lines();
    let mut lengths = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + lengths.next().unwrap_or(0);
    (bytes.len() >= end).then_some(end)
}
