//! Models from the command line.

use std::path::{Path, PathBuf};

use karen_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::door::Door;

const PATH: &str = "/api/v1/models";
const MIB: f64 = 1024.0 * 1024.0;

#[derive(Serialize)]
struct NewModel {
    path: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Models {
    pub(super) data: Vec<Model>,
    default: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) state: String,
    format: String,
    size_bytes: u64,
    context_tokens: u32,
    demo: bool,
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Capabilities {
    generate: bool,
}

pub(super) async fn add(door: &Door, path: &Path, name: Option<String>) -> Result<()> {
    // A running server has another folder to start from.
    let path = path.canonicalize().map_err(|e| {
        let message = format!("{} cannot be found: name a GGUF file", path.display());
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    let model: Model = door.post(PATH, &NewModel { path, name }).await?;
    say!("added {model}");
    Ok(())
}

pub(super) async fn list(door: &Door) -> Result<()> {
    let models = fetch(door).await?;
    for model in &models.data {
        let mark = if models.default.as_ref() == Some(&model.name) {
            "*"
        } else {
            " "
        };
        say!("{mark} {model}");
    }
    if models.default.is_none() {
        say!("no model can answer: add one with `karen-server models add FILE.gguf`");
    }
    Ok(())
}

pub(super) async fn remove(door: &Door, name: &str) -> Result<()> {
    door.delete(&format!("{PATH}/{}", plain(name)?)).await?;
    say!("removed {name}; its file stays");
    Ok(())
}

pub(super) async fn fetch(door: &Door) -> Result<Models> {
    door.get(PATH).await
}

/// A name that fits in a path: no model has another one.
fn plain(name: &str) -> Result<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(name);
    }
    Err(Error::new(
        Code::ModelMissing,
        format!("there is no model named {name:?}"),
    ))
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}, {}", self.name, self.format, self.state)?;
        if self.size_bytes > 0 {
            write!(f, ", {:.1} MiB", self.size_bytes as f64 / MIB)?;
        }
        if self.capabilities.generate {
            write!(f, ", {} tokens of context", self.context_tokens)?;
        } else {
            f.write_str(", embeds only")?;
        }
        if self.demo {
            f.write_str(" (a demonstration)")
        } else {
            Ok(())
        }
    }
}
