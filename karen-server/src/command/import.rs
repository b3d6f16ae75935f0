//! Taking over a chat history from the command line.

use std::io::IsTerminal;
use std::path::Path;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderValue, Method};
use indicatif::{ProgressBar, ProgressStyle};
use karen_core::{Code, Error, Result};
use serde::Deserialize;

use super::door::{Door, error_of, lost, request};
use super::events::{Event, Events};

#[derive(Deserialize)]
struct Progress {
    done: u64,
    all: u64,
}

#[derive(Deserialize)]
struct Imported {
    conversations: u64,
    messages: u64,
    skipped: u64,
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

pub(super) async fn run(door: &Door, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        let message = format!("{} cannot be read: name a text file", file.display());
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    let mut import = request(Method::POST, "/api/v1/import", Body::from(text));
    let headers = import.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    let mut events = Events::of(door.send(import).await?);
    let mut display = Display::new();
    while let Some(event) = events.next().await? {
        if let Some(imported) = display.take(&event)? {
            summarise(&imported);
            if door.is_owner() {
                say!("kept for the machine's owner: --as EMAIL keeps it for an account");
            }
            return Ok(());
        }
    }
    Err(Error::new(
        Code::Unavailable,
        "the import was cut short: run it again to go on",
    ))
}

fn summarise(imported: &Imported) {
    let Imported {
        conversations,
        messages,
        skipped,
    } = imported;
    say!("imported {conversations} conversations with {messages} messages");
    if *skipped > 0 {
        say!("{skipped} conversations had been imported before");
    }
}

impl Display {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { tenths: 0 };
        }
        let style =
            ProgressStyle::with_template("{bar:40} {pos} of {len} conversations, {eta} left");
        Self::Bar(ProgressBar::no_length().with_style(style.expect("the template is a valid one")))
    }

    /// Shows an event; gives the result at the end.
    fn take(&mut self, event: &Event) -> Result<Option<Imported>> {
        match event.kind.as_str() {
            "progress" => self.advance(&serde_json::from_str(&event.data).map_err(lost)?),
            "imported" => {
                self.finish();
                return serde_json::from_str(&event.data).map(Some).map_err(lost);
            }
            "error" => {
                self.finish();
                let failure: Failure = serde_json::from_str(&event.data).map_err(lost)?;
                return Err(error_of(&failure.code, failure.detail));
            }
            _ => {}
        }
        Ok(None)
    }

    fn advance(&mut self, progress: &Progress) {
        let Progress { done, all } = *progress;
        match self {
            Self::Bar(bar) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            Self::Lines { tenths } => {
                let reached = 10 * done / all.max(1);
                if reached > *tenths {
                    *tenths = reached;
                    eprintln!("{done} of {all} conversations");
                }
            }
        }
    }

    fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
