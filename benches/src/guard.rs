//! What standing guard costs: CPU time of the server for an authenticated GET through every layer,
//! by what access tokens are signed with.

use std::time::Instant;

use karen_core::Karen;
use karen_core::auth::{Device, NewAccount};
use karen_core::config::{Config, Layers};
use karen_server::Server;
use serde::Serialize;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};

use crate::{Result, load, print, quantile};

const ALGORITHMS: [&str; 4] = ["HS256", "EdDSA", "ES256", "RS256"];
const WARM_UP: usize = 500;

#[derive(Serialize)]
struct Row {
    signing: &'static str,
    /// Of the server's thread alone: connection, HTTP, every layer and the answer.
    cpu_us_per_request: f64,
    p50_us: f64,
    p99_us: f64,
    requests: usize,
    load: f64,
}

/// A server on a thread of its own.
struct Guarded {
    url: String,
    token: String,
    /// Asks for the thread's CPU time.
    clock: mpsc::UnboundedSender<oneshot::Sender<u64>>,
}

/// Rounds go through the algorithms in turn, so that a busy machine is busy for all of them.
pub(crate) async fn run(requests: usize, rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut guarded = Vec::new();
    for signing in ALGORITHMS {
        let folder = folder.path().join(signing);
        let layers = Layers::default()
            .set("data.folder", &folder.to_string_lossy())?
            .set("auth.signing", signing)?
            .set("limits.user_requests_per_minute", "1000000000")?
            .set("server.listen", "127.0.0.1:0")?;
        let server = Guarded::start(layers.config()?).await?;
        server.requests(WARM_UP).await?;
        guarded.push((signing, server));
    }
    for _ in 0..rounds {
        for (signing, server) in &guarded {
            print(&server.row(signing, requests).await?);
        }
    }
    Ok(())
}

impl Guarded {
    async fn start(config: Config) -> Result<Self> {
        let (told, heard) = oneshot::channel();
        let (clock, asked) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime
                .block_on(serve(config, told, asked))
                .expect("a server");
        });
        let (url, token) = heard.await?;
        Ok(Self { url, token, clock })
    }

    async fn row(&self, signing: &'static str, requests: usize) -> Result<Row> {
        let before = self.cpu_ns().await?;
        let mut times = self.requests(requests).await?;
        let taken_ns = self.cpu_ns().await? - before;
        Ok(Row {
            signing,
            cpu_us_per_request: taken_ns as f64 / 1e3 / requests as f64,
            p50_us: quantile(&mut times, 0.5),
            p99_us: quantile(&mut times, 0.99),
            requests,
            load: load(),
        })
    }

    async fn cpu_ns(&self) -> Result<u64> {
        let (asked, answer) = oneshot::channel();
        self.clock.send(asked)?;
        Ok(answer.await?)
    }

    /// One request after the other on one connection; microseconds of each.
    async fn requests(&self, requests: usize) -> Result<Vec<f64>> {
        let client = reqwest::Client::new();
        let mut times = Vec::with_capacity(requests);
        for _ in 0..requests {
            let started = Instant::now();
            let request = client.get(&self.url).bearer_auth(&self.token);
            request.send().await?.error_for_status()?.bytes().await?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok(times)
    }
}

async fn serve(
    config: Config,
    told: oneshot::Sender<(String, String)>,
    mut asked: mpsc::UnboundedReceiver<oneshot::Sender<u64>>,
) -> Result<()> {
    let karen = Karen::builder().config(config).open().await?;
    let token = signed_in(&karen).await?;
    let server = Server::bind(karen).await?;
    let url = format!("http://{}/api/v1/models", server.address());
    told.send((url, token)).map_err(|_| "nobody listens")?;
    tokio::spawn(async move {
        while let Some(answer) = asked.recv().await {
            let _ = answer.send(thread_cpu_ns());
        }
    });
    Ok(server.run(std::future::pending()).await?)
}

/// Time that this thread was on a processor: the first field of proc(5)'s schedstat.
fn thread_cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let first = text.split_whitespace().next().expect("three fields");
    first.parse().expect("a number")
}

pub(crate) async fn signed_in(karen: &Karen) -> Result<String> {
    let token = karen
        .auth()
        .setup_token()
        .await?
        .ok_or("an account exists already")?;
    let account = NewAccount {
        email: "bench@example.com".to_owned(),
        name: "Bench".to_owned(),
        password: "a handful of plain words".to_owned(),
    };
    let signed_in = karen
        .auth()
        .set_up(token.expose(), account, Device::default())
        .await?;
    Ok(signed_in.access.expose().to_owned())
}
