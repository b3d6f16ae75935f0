//! The real server, as a process of its own that can be killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::log::Log;
use crate::paths;

/// A running `karen-server`; it dies with the value.
pub(crate) struct RunningServer {
    pub(crate) url: String,
    /// What makes the first account, as long as there is none.
    pub(crate) setup_token: Option<String>,
    /// Everything that it has logged.
    pub(crate) log: Log,
    process: Child,
    /// Held, so that the server can always say something.
    _output: Lines<BufReader<ChildStdout>>,
}

/// How a server is started.
pub(crate) struct Start {
    command: Command,
}

/// The program on `folder`, and nothing of the environment's settings.
pub(crate) fn karen_server(folder: &Path) -> Command {
    on_folder(Command::new(paths::server()), folder)
}

/// A command on a folder, with no setting but those of its arguments.
pub(crate) fn on_folder(mut command: Command, folder: &Path) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KAREN_")) {
        command.env_remove(name);
    }
    command
        .arg("--data-dir")
        .arg(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Start {
    /// On a free port, with everything in `folder`.
    pub(crate) fn on(folder: &Path) -> Self {
        let mut command = karen_server(folder);
        command.args(["--listen", "127.0.0.1:0"]);
        Self { command }
    }

    /// With the demonstration model.
    pub(crate) fn demo_model(self) -> Self {
        self.set("models.demo", &paths::demo_model().to_string_lossy())
    }

    pub(crate) fn set(mut self, setting: &str, value: &str) -> Self {
        self.command.args(["--set", &format!("{setting}={value}")]);
        self
    }

    /// With a library that plays faults, and what it is told.
    pub(crate) fn preload(mut self, library: &Path, told: &[(&str, PathBuf)]) -> Self {
        self.command.env("LD_PRELOAD", library);
        self.command
            .envs(told.iter().map(|(name, value)| (name, value)));
        self
    }

    /// Waits until it listens.
    pub(crate) async fn serve(mut self) -> RunningServer {
        self.command.arg("serve").stdout(Stdio::piped());
        let log = Log::default();
        self.command.stderr(log.writer());
        let mut process = self.command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut url, mut setup_token) = (None, None);
        // The line about the model is the last one.
        while let Some(line) = output.next_line().await.unwrap() {
            if let Some((_, address)) = line.split_once("listens on ") {
                url = Some(address.to_owned());
            } else if let Some((_, token)) = line.split_once("#setup=") {
                setup_token = Some(token.to_owned());
            } else if line.starts_with("Model") || line.starts_with("No model") {
                break;
            }
        }
        RunningServer {
            url: url.expect("the server says where it listens"),
            setup_token,
            log,
            process,
            _output: output,
        }
    }
}

impl RunningServer {
    /// As `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let pid = i32::try_from(self.process.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
        assert!(self.process.wait().await.unwrap().success());
    }
}
