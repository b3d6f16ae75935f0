//! The audit log from the command line.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use karen_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::door::Door;

const VERIFY: &str = "/api/v1/audit/verify";

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Check that no entry was changed, removed or moved
    Verify {
        /// Checkpoints that were kept elsewhere, a line each: they show whether the end was cut off
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
    /// Print a line that says where the log ends, signed; keep it elsewhere
    Checkpoint,
    /// Print the whole log
    Export {
        /// How entries are written down
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// A JSON object a line
    Jsonl,
    /// RFC 5424
    Syslog,
}

#[derive(Serialize)]
struct Kept {
    checkpoints: Vec<String>,
}

#[derive(Deserialize)]
struct Head {
    seq: u64,
    hash: String,
}

#[derive(Deserialize)]
struct Signed {
    checkpoint: String,
}

pub(super) async fn run(door: &Door, command: AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify { checkpoints } => verify(door, checkpoints.as_deref()).await,
        AuditCommand::Checkpoint => {
            let signed: Signed = door.get("/api/v1/audit/checkpoint").await?;
            say!("{}", signed.checkpoint);
            Ok(())
        }
        AuditCommand::Export { format } => {
            let format = match format {
                Format::Jsonl => "jsonl",
                Format::Syslog => "syslog",
            };
            let path = format!("/api/v1/audit/export?format={format}");
            door.print(&path).await
        }
    }
}

async fn verify(door: &Door, checkpoints: Option<&Path>) -> Result<()> {
    let checkpoints = checkpoints.map_or(Ok(Vec::new()), kept)?;
    let compared = checkpoints.len();
    let head: Head = door.post(VERIFY, &Kept { checkpoints }).await?;
    say!(
        "{} entries are as they were written; the last has the hash {}",
        head.seq,
        head.hash
    );
    match compared {
        0 => say!("compared with no checkpoint: whether the end was cut off cannot be told"),
        _ => say!("compared with {compared} checkpoints"),
    }
    Ok(())
}

fn kept(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        let message = format!("{} cannot be read: name a text file", file.display());
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}
