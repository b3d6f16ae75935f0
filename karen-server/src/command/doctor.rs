//! Looking for what is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use karen_core::config::Config;
use karen_core::{Code, Error, Result};
use serde::Deserialize;

use super::door::Door;
use super::failure::next_step;
use super::models;
use super::settings::Settings;

/// Below this a database soon cannot be written.
const FREE_BYTES_MIN: u64 = 100 << 20;

#[derive(Deserialize)]
struct Health {
    checks: BTreeMap<String, Check>,
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Check {
    status: String,
    detail: String,
}

#[derive(Deserialize)]
struct Server {
    name: String,
    #[serde(flatten)]
    check: Check,
}

/// What has been looked at so far.
#[derive(Default)]
struct Findings {
    failures: u32,
}

/// Looks at one thing after the other; what cannot be looked at is a failure too.
pub(super) async fn run(settings: &Settings) -> ExitCode {
    let mut findings = Findings::default();
    findings.look(settings).await;
    match findings.failures {
        0 => {
            say!("Karen is well.");
            ExitCode::SUCCESS
        }
        failures => {
            say!("Karen is not well: {failures} of these failed.");
            ExitCode::FAILURE
        }
    }
}

impl Findings {
    async fn look(&mut self, settings: &Settings) {
        let file = settings
            .file()
            .map_or("no file".to_owned(), |file| file.display().to_string());
        let Some(config) = self.note("config", settings.config().map(|config| (file, config)))
        else {
            return;
        };
        if !config.is_in_memory() {
            self.note("disk space", disk_space(&config));
        }
        let door = Door::open(settings).await.map(|door| (owner(&door), door));
        let Some(door) = self.note("data folder", door) else {
            return;
        };
        self.parts(&door).await;
        let whole = door.get::<serde_json::Value>("/api/v1/integrity").await;
        self.note(
            "integrity",
            whole.map(|_| ("every page is whole".to_owned(), ())),
        );
        self.models(&door).await;
        if let Err(error) = door.close().await {
            self.note::<()>("closing", Err(error));
        }
    }

    /// What each part says of itself when asked.
    async fn parts(&mut self, door: &Door) {
        match door.get::<Health>("/health").await {
            Ok(health) => {
                for (part, check) in health.checks {
                    self.print(&check.status, &part, &check.detail);
                }
                for Server { name, check } in health.servers {
                    self.print(&check.status, &name, &check.detail);
                }
            }
            Err(error) => {
                self.note::<()>("health", Err(error));
            }
        }
    }

    async fn models(&mut self, door: &Door) {
        match models::fetch(door).await {
            Ok(models) => {
                for model in models.data {
                    let status = if model.state == "absent" {
                        "failed"
                    } else {
                        "ok"
                    };
                    self.print(status, "model", &model.to_string());
                }
            }
            Err(error) => {
                self.note::<()>("models", Err(error));
            }
        }
    }

    /// Prints a finding; gives what was looked for, if it is there.
    fn note<T>(&mut self, what: &str, found: Result<(String, T)>) -> Option<T> {
        match found {
            Ok((detail, value)) => {
                self.print("ok", what, &detail);
                Some(value)
            }
            Err(error) => {
                let next = next_step(&error);
                self.print(
                    "failed",
                    what,
                    &format!("[{}] {error}; {next}", error.code()),
                );
                None
            }
        }
    }

    fn print(&mut self, status: &str, what: &str, detail: &str) {
        self.failures += u32::from(status == "failed");
        say!("{status:8}  {what:12}  {detail}");
    }
}

fn owner(door: &Door) -> String {
    match door.socket() {
        Some(socket) => format!(
            "a running server has it and answers at {}",
            socket.display()
        ),
        None => "free, readable and writable".to_owned(),
    }
}

fn disk_space(config: &Config) -> Result<(String, ())> {
    let folder = nearest_existing(&config.data.folder);
    let stat = rustix::fs::statvfs(folder).map_err(|e| {
        let message = format!("{} cannot be asked for its space", folder.display());
        Error::new(Code::Unavailable, message).caused_by(e)
    })?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let detail = format!("{} MiB free", free >> 20);
    if free >= FREE_BYTES_MIN {
        return Ok((detail, ()));
    }
    Err(Error::new(Code::StorageFull, detail))
}

/// The folder, or before the first start the one that it will be made in.
fn nearest_existing(folder: &Path) -> &Path {
    let existing = folder.ancestors().find(|path| path.exists());
    existing.unwrap_or_else(|| Path::new("."))
}
