//! Models from the command line.

use std::path::{Path, PathBuf};

use clap::Args;
use karen_core::infer::RemoteModel;
use karen_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use super::door::Door;

const PATH: &str = "/api/v1/models";
const ROUTING: &str = "/api/v1/routing";
const MIB: f64 = 1024.0 * 1024.0;

/// A model to add.
#[derive(Args)]
pub(super) struct NewModel {
    /// A GGUF file, a folder as Hugging Face has models, or PROVIDER:MODEL with openai, openai-responses or gemini
    #[arg(value_name = "FILE.gguf|FOLDER|PROVIDER:MODEL")]
    model: String,
    /// What to call it; made from the file or the provider's name if absent
    #[arg(long)]
    name: Option<String>,
    /// Where the provider's API begins [default: the provider's own]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The environment variable of the server that holds the key [default: the provider's usual one,
    /// none with --base-url]
    #[arg(long, value_name = "NAME", conflicts_with = "key_file")]
    key_env: Option<String>,
    /// A file that holds the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Tokens of prompt and answer together at most
    #[arg(long, value_name = "TOKENS")]
    context_tokens: Option<u32>,
    /// It thinks before it answers, and takes no temperature
    #[arg(long)]
    reasons: bool,
    /// It embeds texts and answers no chats
    #[arg(long)]
    embeds: bool,
}

/// What is asked of the server.
#[derive(Default, Serialize)]
struct Addition {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<RemoteModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
struct Route {
    choose: String,
    targets: Vec<String>,
    weights: Vec<u32>,
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
    quantization: Option<String>,
    parameters: u64,
    memory_bytes: u64,
    pinned: bool,
    failure: Option<String>,
    demo: bool,
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Capabilities {
    generate: bool,
    rerank: bool,
}

#[derive(Serialize)]
struct Folder {
    path: PathBuf,
}

#[derive(Serialize)]
struct Change {
    pinned: bool,
}

/// What a look into a folder found.
#[derive(Deserialize)]
struct Scanned {
    added: Vec<Model>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    path: String,
    detail: String,
}

pub(super) async fn add(door: &Door, new: NewModel) -> Result<()> {
    let path = Path::new(&new.model);
    // A folder with a config.json is a model itself.
    if path.is_dir() && !path.join("config.json").exists() {
        return scan(door, found(path, "name a folder")?).await;
    }
    let model: Model = door.post(PATH, &new.read()?).await?;
    say!("added {model}");
    Ok(())
}

async fn scan(door: &Door, path: PathBuf) -> Result<()> {
    let scanned: Scanned = door.post(&format!("{PATH}/scan"), &Folder { path }).await?;
    for model in &scanned.added {
        say!("added {model}");
    }
    for refused in &scanned.refused {
        say!("not added: {}: {}", refused.path, refused.detail);
    }
    if scanned.added.is_empty() {
        say!("no model was added: there is none in the folder that was not known");
    }
    Ok(())
}

pub(super) async fn load(door: &Door, name: &str) -> Result<()> {
    let path = format!("{PATH}/{}/load", plain(name)?);
    let model: Model = door.post(&path, &()).await?;
    say!("loaded {model}");
    Ok(())
}

pub(super) async fn unload(door: &Door, name: &str) -> Result<()> {
    let path = format!("{PATH}/{}/unload", plain(name)?);
    let model: Model = door.post(&path, &()).await?;
    say!("unloaded {model}");
    Ok(())
}

pub(super) async fn pin(door: &Door, name: &str, pinned: bool) -> Result<()> {
    let path = format!("{PATH}/{}", plain(name)?);
    door.patch(&path, &Change { pinned }).await?;
    match pinned {
        true => say!("{name} stays loaded once it is"),
        false => say!("{name} makes room for others"),
    }
    Ok(())
}

pub(super) async fn route(
    door: &Door,
    name: &str,
    targets: Vec<String>,
    choose: String,
    weights: Vec<u32>,
) -> Result<()> {
    let route = Route {
        choose,
        targets,
        weights,
    };
    let path = format!("{ROUTING}/{}", plain(name)?);
    door.put(&path, &route).await?;
    say!("{name} leads to {}", route.targets.join(", "));
    Ok(())
}

impl NewModel {
    fn read(self) -> Result<Addition> {
        let path = Path::new(&self.model);
        match RemoteModel::parse(&self.model) {
            Ok(remote) if !path.exists() => self.read_remote(remote),
            _ => Ok(Addition {
                path: Some(found(
                    path,
                    "name a GGUF file, a folder, or PROVIDER:MODEL",
                )?),
                name: self.name,
                ..Addition::default()
            }),
        }
    }

    fn read_remote(self, usual: RemoteModel) -> Result<Addition> {
        let key_file = self.key_file.as_deref();
        let key_file = key_file.map(|file| found(file, "name the file that holds the key"));
        // A key goes to its provider alone, unless somebody says otherwise.
        let is_elsewhere = self.base_url.is_some() || key_file.is_some();
        let remote = RemoteModel {
            base_url: self.base_url,
            key_env: self.key_env.or(usual.key_env.filter(|_| !is_elsewhere)),
            key_file: key_file.transpose()?,
            context_tokens: self.context_tokens,
            reasons: self.reasons,
            embeds: self.embeds || usual.embeds,
            ..usual
        };
        Ok(Addition {
            remote: Some(remote),
            name: self.name,
            ..Addition::default()
        })
    }
}

/// The whole path of a file: a running server has another folder to start from.
pub(super) fn found(path: &Path, advice: &str) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| {
        let message = format!("{} cannot be found: {advice}", path.display());
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })
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
        say!(
            "no model can answer: add one with `karen-server models add FILE.gguf` or `... models add openai:MODEL`"
        );
    }
    Ok(())
}

pub(super) async fn remove(door: &Door, name: &str) -> Result<()> {
    door.delete(&format!("{PATH}/{}", plain(name)?)).await?;
    say!("removed {name}; files stay");
    Ok(())
}

pub(super) async fn fetch(door: &Door) -> Result<Models> {
    door.get(PATH).await
}

/// Where something is done to a model.
pub(super) fn path_of(name: &str, verb: &str) -> Result<String> {
    Ok(format!("{PATH}/{}/{verb}", plain(name)?))
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
        if let Some(quantization) = &self.quantization {
            write!(f, " {quantization}")?;
        }
        if self.parameters > 0 {
            write!(
                f,
                ", {:.1} million parameters",
                self.parameters as f64 / 1e6
            )?;
        }
        if self.memory_bytes > 0 {
            write!(f, ", {:.1} MiB in memory", self.memory_bytes as f64 / MIB)?;
        }
        if self.pinned {
            f.write_str(", pinned")?;
        }
        if let Some(failure) = &self.failure {
            write!(f, " ({failure})")?;
        }
        if self.capabilities.generate {
            write!(f, ", {} tokens of context", self.context_tokens)?;
        } else if self.capabilities.rerank {
            f.write_str(", reranks only")?;
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
