//! Pulling a model from the command line.

use std::io::IsTerminal;

use axum::http::header::ACCEPT;
use axum::http::{HeaderValue, Method};
use indicatif::{ProgressBar, ProgressStyle};
use karen_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::door::{Door, error_of, json_request, lost};
use super::events::{Event, Events};
use super::models::Model;

#[derive(Serialize)]
struct Asked {
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    commit: String,
    files: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Fetched {
    file: String,
    done_bytes: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    detail: String,
}

/// What a watcher is shown: a bar on a terminal, a line for each tenth elsewhere.
enum Display {
    Bar(ProgressBar),
    Lines { tenths: u64 },
}

pub(super) async fn run(door: &Door, model: String, name: Option<String>) -> Result<()> {
    let mut pull = json_request(Method::POST, "/api/v1/models/pull", &Asked { model, name });
    let accepted = HeaderValue::from_static("text/event-stream");
    pull.headers_mut().insert(ACCEPT, accepted);
    let mut events = Events::of(door.send(pull).await?);
    let mut display = Display::new();
    while let Some(event) = events.next().await? {
        if let Some(model) = display.take(&event)? {
            say!("added {model}");
            return Ok(());
        }
    }
    Err(Error::new(
        Code::Unavailable,
        "the pull was cut short: run it again to go on from there",
    ))
}

impl Display {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { tenths: 0 };
        }
        let style = ProgressStyle::with_template(
            "{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        );
        Self::Bar(ProgressBar::no_length().with_style(style.expect("the template is a valid one")))
    }

    /// Shows an event; gives the model at the end.
    fn take(&mut self, event: &Event) -> Result<Option<Model>> {
        match event.kind.as_str() {
            "listed" => self.begin(&read(event)?),
            "fetched" => self.advance(read(event)?),
            "checking" => self.say("checking"),
            "done" => {
                self.finish();
                return read(event).map(Some);
            }
            "error" => {
                self.finish();
                let failure: Failure = read(event)?;
                return Err(error_of(&failure.code, failure.detail));
            }
            _ => {}
        }
        Ok(None)
    }

    fn begin(&self, listed: &Listed) {
        let Listed {
            commit,
            files,
            bytes,
        } = listed;
        match self {
            Self::Bar(bar) => bar.set_length(*bytes),
            Self::Lines { .. } => eprintln!("{files} files, {bytes} bytes, at {commit}"),
        }
    }

    fn advance(&mut self, far: Fetched) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(far.bytes);
                bar.set_position(far.done_bytes);
                bar.set_message(far.file);
            }
            Self::Lines { tenths } => {
                let reached = 10 * far.done_bytes / far.bytes.max(1);
                if reached > *tenths {
                    *tenths = reached;
                    eprintln!("{} of {} bytes", far.done_bytes, far.bytes);
                }
            }
        }
    }

    fn say(&self, what: &'static str) {
        if let Self::Bar(bar) = self {
            bar.set_message(what);
        }
    }

    fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(event: &Event) -> Result<T> {
    serde_json::from_str(&event.data).map_err(lost)
}
