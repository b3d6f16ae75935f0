//! Taking everything along that is kept of somebody, and having it erased.

use axum::body::Body;
use axum::http::Method;
use clap::Subcommand;
use karen_core::{Code, Error, Result};
use serde_json::Value;

use super::door::{Door, read, request};

#[derive(Subcommand)]
pub(super) enum PrivacyCommand {
    /// Print everything that is kept of you, a line of JSON for each thing
    Export {
        /// A whole tenant instead
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Erase everything that is kept of you, and print the receipt
    Erase {
        /// A whole tenant instead
        #[arg(long)]
        tenant: Option<String>,
        /// Says that you mean it: nothing brings it back
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(door: &Door, command: PrivacyCommand) -> Result<()> {
    match command {
        PrivacyCommand::Export { tenant: None } => door.print("/api/v1/privacy/export").await,
        PrivacyCommand::Export { tenant: Some(id) } => {
            door.print(&format!("/api/v1/tenants/{id}/export")).await
        }
        PrivacyCommand::Erase { yes: false, .. } => {
            let message = "nothing brings back what is erased: add --yes if you mean it";
            Err(Error::new(Code::InvalidArgument, message))
        }
        PrivacyCommand::Erase { tenant: None, .. } => {
            erase(door, Method::POST, "/api/v1/privacy/erase").await
        }
        PrivacyCommand::Erase {
            tenant: Some(id), ..
        } => erase(door, Method::DELETE, &format!("/api/v1/tenants/{id}")).await,
    }
}

async fn erase(door: &Door, method: Method, path: &str) -> Result<()> {
    let receipt: Value = read(door.send(request(method, path, Body::empty())).await?).await?;
    say!("{receipt:#}");
    Ok(())
}
