//! Whether the time of a refused login tells that an account exists: tries at accounts that exist
//! and at addresses that nobody has, in turn.

use std::time::Instant;

use karen_core::auth::{Device, NewAccount, Role};
use karen_core::config::Layers;
use karen_core::{Code, Karen};
use serde::Serialize;

use crate::guard::signed_in;
use crate::{Result, load, print, quantile};

#[derive(Serialize)]
struct Row {
    known_median_ms: f64,
    unknown_median_ms: f64,
    /// Of the medians.
    difference_ms: f64,
    tries_each: usize,
    load: f64,
}

/// Each address is tried once: a second try would count as guessing at it.
pub(crate) async fn run(tries: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let layers = Layers::default().set("data.folder", &folder.path().to_string_lossy())?;
    let karen = Karen::builder().config(layers.config()?).open().await?;
    let owner = karen.auth().authenticate(&signed_in(&karen).await?).await?;
    for number in 0..tries {
        let account = NewAccount {
            email: address("known", number),
            name: "Somebody".to_owned(),
            password: "a handful of plain words".to_owned(),
        };
        let made = karen.auth().create_account(&owner, account, Role::Member);
        made.await?;
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..tries {
        known.push(refused(&karen, &address("known", number)).await?);
        unknown.push(refused(&karen, &address("unknown", number)).await?);
    }
    let medians = [quantile(&mut known, 0.5), quantile(&mut unknown, 0.5)];
    print(&Row {
        known_median_ms: medians[0],
        unknown_median_ms: medians[1],
        difference_ms: (medians[0] - medians[1]).abs(),
        tries_each: tries,
        load: load(),
    });
    Ok(karen.close().await?)
}

fn address(kind: &str, number: usize) -> String {
    format!("{kind}{number:06}@example.com")
}

/// Milliseconds until the login is refused.
async fn refused(karen: &Karen, email: &str) -> Result<f64> {
    let started = Instant::now();
    let login = karen
        .auth()
        .log_in(email, "not what it is", Device::default());
    let answer = login.await.map_err(karen_core::Error::from);
    let taken_ms = started.elapsed().as_secs_f64() * 1e3;
    match answer {
        Err(error) if error.code() == Code::Unauthenticated => Ok(taken_ms),
        Err(error) => Err(error.into()),
        Ok(_) => Err("a wrong password logged in".into()),
    }
}
