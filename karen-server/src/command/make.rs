//! Making models of others from the command line.

use std::io::IsTerminal;

use axum::http::header::ACCEPT;
use axum::http::{HeaderValue, Method};
use indicatif::{ProgressBar, ProgressStyle};
use karen_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::door::{Door, error_of, json_request, lost};
use super::events::{Event, Events};
use super::models::{self, Model};

#[derive(Serialize)]
struct Quantize {
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
struct Distill {
    dim: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    done: u64,
    all: u64,
}

#[derive(Deserialize)]
struct Checked {
    measure: String,
    source: Option<f64>,
    made: f64,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    detail: String,
}

pub(super) async fn quantize(
    door: &Door,
    source: &str,
    to: String,
    name: Option<String>,
) -> Result<()> {
    run(door, source, "quantize", &Quantize { to, name }).await
}

pub(super) async fn distill(
    door: &Door,
    source: &str,
    dim: u16,
    name: Option<String>,
) -> Result<()> {
    run(door, source, "distill", &Distill { dim, name }).await
}

async fn run(door: &Door, source: &str, verb: &str, asked: &impl Serialize) -> Result<()> {
    let path = models::path_of(source, verb)?;
    let mut request = json_request(Method::POST, &path, asked);
    let accepted = HeaderValue::from_static("text/event-stream");
    request.headers_mut().insert(ACCEPT, accepted);
    let mut events = Events::of(door.send(request).await?);
    let bar = bar();
    while let Some(event) = events.next().await? {
        match event.kind.as_str() {
            "made" => {
                let Made { done, all } = read(&event)?;
                bar.set_length(all);
                bar.set_position(done);
            }
            "checking" => bar.set_message("checking"),
            "checked" => bar.suspend(|| checked(&event))?,
            "done" => {
                bar.finish_and_clear();
                say!("made {}", read::<Model>(&event)?);
                return Ok(());
            }
            "error" => {
                bar.finish_and_clear();
                let failure: Failure = read(&event)?;
                return Err(error_of(&failure.code, failure.detail));
            }
            _ => {}
        }
    }
    Err(Error::new(
        Code::Unavailable,
        "the making was cut short: run it again",
    ))
}

fn checked(event: &Event) -> Result<()> {
    let Checked {
        measure,
        source,
        made,
    } = read(event)?;
    match source {
        Some(source) => say!("{measure} {made:.4}, that of its source {source:.4}"),
        None => say!("{measure} {made:.5}"),
    }
    Ok(())
}

/// A bar on a terminal, nothing elsewhere.
fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {percent} %, {eta} left");
    ProgressBar::no_length().with_style(style.expect("the template is a valid one"))
}

fn read<T: serde::de::DeserializeOwned>(event: &Event) -> Result<T> {
    serde_json::from_str(&event.data).map_err(lost)
}
