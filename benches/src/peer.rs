//! Somebody else's library, in a Python process of its own that answers lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::Result;

/// A peer that is running.
pub(crate) struct Peer {
    /// What it is, with its version.
    pub(crate) name: String,
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts what first says `{"peer": name}`.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let asked = process.stdin.take().ok_or("no way to ask the peer")?;
        let answers = process.stdout.take().ok_or("no way to hear the peer")?;
        let mut peer = Self {
            name: String::new(),
            process,
            asked,
            answers: BufReader::new(answers),
        };
        let hello = peer.answer()?;
        peer.name = hello["peer"].as_str().unwrap_or_default().to_owned();
        Ok(peer)
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, question: &Value) -> Result<Value> {
        writeln!(self.asked, "{question}")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the peer ended: is it installed for that interpreter?".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
