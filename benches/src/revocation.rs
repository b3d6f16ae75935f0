//! How long a session that was ended on one instance lives on on another.

use std::path::Path;
use std::time::Instant;

use karen_core::auth::Device;
use karen_core::config::Layers;
use karen_core::{Code, Error, Karen};
use serde::Serialize;

use crate::guard::signed_in;
use crate::{Result, load, print, quantile};

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a handful of plain words";

#[derive(Serialize)]
struct Row {
    sessions: usize,
    p50_ms: f64,
    p99_ms: f64,
    most_ms: f64,
    load: f64,
}

/// `postgres` is an empty database.
pub(crate) async fn run(postgres: &str, redis: &str, sessions: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let open = async |name: &str| open(&folder.path().join(name), postgres, redis).await;
    let (here, there) = (open("here").await?, open("there").await?);
    // The one that opened last knows how to make the first account.
    signed_in(&there).await?;
    let mut times = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        let login = here.auth().log_in(EMAIL, PASSWORD, Device::default());
        let token = login.await?.access;
        let principal = here.auth().authenticate(token.expose()).await?;
        there.auth().authenticate(token.expose()).await?;
        here.auth().log_out(&principal).await?;
        let ended = Instant::now();
        while is_in(&there, token.expose()).await? {
            tokio::task::yield_now().await;
        }
        times.push(ended.elapsed().as_secs_f64() * 1e3);
    }
    print(&Row {
        sessions,
        p50_ms: quantile(&mut times, 0.5),
        p99_ms: quantile(&mut times, 0.99),
        most_ms: quantile(&mut times, 1.0),
        load: load(),
    });
    here.close().await?;
    Ok(there.close().await?)
}

async fn open(folder: &Path, postgres: &str, redis: &str) -> Result<Karen> {
    let layers = Layers::default()
        .set("data.folder", &folder.to_string_lossy())?
        .set("data.namespace", "bench_revocation")?
        .set(
            "auth.secret",
            "the same on both, long enough, of no use elsewhere",
        )?
        .set("postgres.url", postgres)?
        .set("redis.urls", &format!("[\"{redis}\"]"))?;
    Ok(Karen::builder().config(layers.config()?).open().await?)
}

async fn is_in(karen: &Karen, token: &str) -> Result<bool> {
    match karen.auth().authenticate(token).await.map_err(Error::from) {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Code::Unauthenticated => Ok(false),
        Err(error) => Err(error.into()),
    }
}
