//! The options that every command takes, as configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderName, HeaderValue};
use clap::Args;
use karen_core::config::{Config, Layers};
use karen_core::{Code, Error, Result};
use karen_server::ACT_FOR;

/// Read if it is there and no other file is named.
const DEFAULT_FILE: &str = "karen.toml";

#[derive(Args)]
pub(super) struct Settings {
    /// The configuration file [default: ./karen.toml if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The address to serve on
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Any setting, such as chat.temperature=0.7
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = assignment)]
    assignments: Vec<(String, String)>,
    /// Act for the account with this email, instead of as the machine's owner
    #[arg(
        long = "as",
        global = true,
        value_name = "EMAIL",
        conflicts_with = "api_key_file"
    )]
    act_for: Option<String>,
    /// Act as the account of the API key in this file, and no more than it may
    #[arg(long, global = true, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
}

impl Settings {
    /// Everything put together: defaults, file, `KAREN_*` variables, options.
    pub(super) fn layers(&self) -> Result<Layers> {
        let mut layers = Layers::default();
        if let Some(file) = self.file() {
            layers = layers.file(file)?;
        }
        layers = layers.variables(std::env::vars())?;
        for (setting, text) in &self.assignments {
            layers = layers.set(setting, text)?;
        }
        if let Some(folder) = &self.data_dir {
            layers = layers.set("data.folder", &folder.to_string_lossy())?;
        }
        if let Some(address) = self.listen {
            layers = layers.set("server.listen", &address.to_string())?;
        }
        Ok(layers)
    }

    pub(super) fn config(&self) -> Result<Config> {
        self.layers()?.config()
    }

    pub(super) fn file(&self) -> Option<&Path> {
        let default = Path::new(DEFAULT_FILE);
        self.config
            .as_deref()
            .or_else(|| default.exists().then_some(default))
    }

    /// Whom commands act as, as the header of a request; none for the machine's owner.
    pub(super) fn actor(&self) -> Result<Option<(HeaderName, HeaderValue)>> {
        let (name, text, wrong) = match (&self.act_for, &self.api_key_file) {
            (Some(email), _) => (ACT_FOR, email.clone(), "this is no email"),
            (None, Some(file)) => (
                AUTHORIZATION,
                format!("Bearer {}", api_key(file)?),
                "the file of the API key holds more than the key",
            ),
            (None, None) => return Ok(None),
        };
        let value = HeaderValue::from_str(&text)
            .map_err(|e| Error::new(Code::InvalidArgument, wrong).caused_by(e))?;
        Ok(Some((name, value)))
    }
}

fn api_key(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        let message = format!(
            "{} cannot be read: name the file that holds the key",
            file.display()
        );
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    Ok(text.trim().to_owned())
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it takes the form NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
