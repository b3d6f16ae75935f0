//! How long a fresh process takes until it answers.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use karen_core::Karen;
use karen_core::config::Layers;
use karen_server::Server;
use serde::Serialize;

use crate::{Result, load, print, quantile};

#[derive(Serialize)]
struct Row<'a> {
    mode: &'a str,
    ready_ms: f64,
    p90_ms: f64,
    runs: usize,
    load: f64,
}

/// Starts the server in each mode on a folder that has been used before, without a model.
pub(crate) fn run(runs: usize) -> Result<()> {
    for mode in ["minimal", "optimized", "standard"] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("data");
        ready(mode, &path)?;
        let times: Result<Vec<f64>> = (0..runs).map(|_| ready(mode, &path)).collect();
        let mut times = times?;
        print(&Row {
            mode,
            ready_ms: quantile(&mut times, 0.5),
            p90_ms: quantile(&mut times, 0.9),
            runs,
            load: load(),
        });
    }
    Ok(())
}

/// Milliseconds from starting the process to the answer of `/readyz`.
fn ready(mode: &str, folder: &PathBuf) -> Result<f64> {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", "--mode", mode, "--folder"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let taken = first_line(&mut child).map(|_| started.elapsed());
    child.kill()?;
    child.wait()?;
    Ok(taken?.as_secs_f64() * 1000.0)
}

fn first_line(child: &mut Child) -> Result<String> {
    let stdout = child.stdout.take().ok_or("the child has no stdout")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    if line.trim() == "ready" {
        Ok(line)
    } else {
        Err("the child did not get ready".into())
    }
}

/// The measured process: serves, asks itself, and says so.
pub(crate) async fn serve(mode: &str, folder: PathBuf) -> Result<()> {
    let layers = Layers::default()
        .set("data.folder", &folder.to_string_lossy())?
        .set("data.start", mode)?
        .set("server.listen", "127.0.0.1:0")?;
    let karen = Karen::builder().config(layers.config()?).open().await?;
    let server = Server::bind(karen).await?;
    let address = server.address();
    tokio::spawn(server.run(std::future::pending()));
    reqwest::get(format!("http://{address}/readyz"))
        .await?
        .error_for_status()?;
    println!("ready");
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}
