//! Requests over HTTP: an authenticated GET, client and server on the same machine.

use std::time::Instant;

use karen_core::Karen;
use karen_core::config::Layers;
use karen_server::Server;
use serde::Serialize;

use crate::guard::signed_in;
use crate::{Result, load, print, quantile};

#[derive(Serialize)]
struct Row {
    requests_per_s: f64,
    p50_us: f64,
    p99_us: f64,
    requests: usize,
    connections: usize,
    load: f64,
}

pub(crate) async fn run(requests: usize, connections: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let layers = Layers::default()
        .set("data.folder", &folder.path().to_string_lossy())?
        .set("limits.user_requests_per_minute", "0")?
        .set("server.listen", "127.0.0.1:0")?;
    let karen = Karen::builder().config(layers.config()?).open().await?;
    let token = signed_in(&karen).await?;
    let server = Server::bind(karen).await?;
    let url = format!("http://{}/api/v1/me", server.address());
    tokio::spawn(server.run(std::future::pending()));
    let started = Instant::now();
    let each = requests / connections;
    let clients = (0..connections).map(|_| tokio::spawn(client(url.clone(), token.clone(), each)));
    let mut times = Vec::with_capacity(requests);
    for client in futures::future::join_all(clients).await {
        times.extend(client??);
    }
    let taken = started.elapsed().as_secs_f64();
    print(&Row {
        requests_per_s: times.len() as f64 / taken,
        p50_us: quantile(&mut times, 0.5),
        p99_us: quantile(&mut times, 0.99),
        requests: times.len(),
        connections,
        load: load(),
    });
    Ok(())
}

/// One connection, one request after the other; microseconds of each.
async fn client(url: String, token: String, requests: usize) -> reqwest::Result<Vec<f64>> {
    let client = reqwest::Client::new();
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let started = Instant::now();
        let response = client
            .get(&url)
            .bearer_auth(&token)
            .send()
            .await?
            .error_for_status()?;
        response.bytes().await?;
        times.push(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}
