//! The options that every command takes, as configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use karen_core::config::{Config, Layers};
use karen_core::{Code, Error, Result};

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
    /// Act as the account of the API key in this file, instead of as the machine's owner
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

    /// The API key to act with, if one is named.
    pub(super) fn api_key(&self) -> Result<Option<String>> {
        let Some(file) = &self.api_key_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|e| {
            let message = format!(
                "{} cannot be read: name the file that holds the key",
                file.display()
            );
            Error::new(Code::InvalidArgument, message).caused_by(e)
        })?;
        Ok(Some(text.trim().to_owned()))
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it takes the form NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
