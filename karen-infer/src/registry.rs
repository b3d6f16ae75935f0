//! Which models there are: `models.toml` in the models' folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::estimate::GgufShape;
use crate::folder::{FolderConfig, FolderError, Head, ModelFolder};
use crate::gguf::{self, GgufError, GgufHeader};
use crate::{LlamaSettings, ModelError, ModelErrorKind, ModelName, RemoteModel, Route};

const FILE: &str = "models.toml";
/// 2 brought remote models and routes, 3 folders, 4 what is known of a model before it loads, pins, and
/// settings of its own, 5 its context and threads among them.
const VERSION: u32 = 5;

/// The registry as its file holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<ModelName>,
    #[serde(default, rename = "model", skip_serializing_if = "Vec::is_empty")]
    pub(crate) models: Vec<Registered>,
    #[serde(default, rename = "route", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) routes: BTreeMap<ModelName, Route>,
}

/// A model of the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Registered {
    File(FileModel),
    Remote(NamedRemote),
}

/// A model that somebody else runs, and its name here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedRemote {
    pub(crate) name: ModelName,
    pub(crate) remote: RemoteModel,
}

/// A file, or a folder. What its header says is kept, so that opening reads no model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileModel {
    pub(crate) name: ModelName,
    pub(crate) path: PathBuf,
    pub(crate) architecture: String,
    /// What the model was trained for.
    pub(crate) context_tokens: u32,
    pub(crate) size_bytes: u64,
    #[serde(default, skip_serializing_if = "FileFormat::is_gguf")]
    pub(crate) format: FileFormat,
    #[serde(default, skip_serializing_if = "Task::is_generate")]
    pub(crate) task: Task,
    /// How its numbers are packed, such as `Q4_K_M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quantization: Option<String>,
    /// Numbers that it consists of; 0 where that is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) parameters: u64,
    /// It is unloaded for no other.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) pinned: bool,
    /// How llama.cpp runs it, where that is not as others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) llama: Option<LlamaSettings>,
    /// What its memory depends on. Last, as TOML has tables behind values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shape: Option<GgufShape>,
}

/// How a model lies on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileFormat {
    #[default]
    Gguf,
    /// A folder as Hugging Face has it.
    Safetensors,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Task {
    #[default]
    Generate,
    Embed,
    Rerank,
}

/// What every version of the file says.
#[derive(Deserialize)]
struct Written {
    version: u32,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new(None, Vec::new(), BTreeMap::new())
    }
}

impl Registry {
    pub(crate) fn new(
        default: Option<ModelName>,
        models: Vec<Registered>,
        routes: BTreeMap<ModelName, Route>,
    ) -> Self {
        Self {
            version: VERSION,
            default,
            models,
            routes,
        }
    }
    /// Reads the registry of `folder`; an absent one is empty.
    pub(crate) fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                let subject = path.display().to_string();
                return Err(ModelError::new(kind_of(&error), "read", subject).caused_by(error));
            }
        };
        let failed = |kind| ModelError::new(kind, "read", path.display().to_string());
        // The version first: a newer registry has fields that this program does not know.
        let written: Written =
            toml::from_str(&text).map_err(|e| failed(ModelErrorKind::Corrupt).caused_by(e))?;
        if written.version > VERSION {
            return Err(failed(ModelErrorKind::TooNew));
        }
        toml::from_str(&text).map_err(|e| failed(ModelErrorKind::Corrupt).caused_by(e))
    }

    /// Replaces the registry of `folder`: a crash leaves the old one or the new one.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), ModelError> {
        let path = folder.join(FILE);
        self.replace(folder, &path).map_err(|e| {
            ModelError::new(kind_of(&e), "write", path.display().to_string()).caused_by(e)
        })
    }

    fn replace(&self, folder: &Path, path: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let text = toml::to_string_pretty(self).map_err(io::Error::other)?;
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(folder)?.sync_all()
    }
}

impl FileFormat {
    fn is_gguf(&self) -> bool {
        *self == Self::Gguf
    }
}

impl Task {
    /// What a GGUF model is for: one that says how a text becomes one vector embeds it, or scores it.
    fn of_pooling(pooling: Option<u32>) -> Self {
        match pooling {
            Some(1..=3) => Self::Embed,
            Some(4) => Self::Rerank,
            _ => Self::Generate,
        }
    }

    fn is_generate(&self) -> bool {
        *self == Self::Generate
    }
}

impl FileModel {
    /// Reads what the file or folder at `path` says of itself. It is called `name`, else what its
    /// header says, else what the file is called.
    pub(crate) async fn of(path: &Path, name: Option<ModelName>) -> Result<Self, ModelError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            if path.is_dir() {
                Self::of_folder(path, name)
            } else {
                Self::of_gguf(path, name)
            }
        });
        let failed = |e| ModelError::new(ModelErrorKind::Internal, "read", "the file").caused_by(e);
        read.await.map_err(failed)?
    }

    fn of_gguf(path: PathBuf, name: Option<ModelName>) -> Result<Self, ModelError> {
        let header = checked_header(&path)?;
        let own = header.name.as_deref().and_then(ModelName::near);
        Ok(Self {
            name: named(name.or(own), path.file_stem())?,
            path,
            architecture: header.architecture,
            context_tokens: header.context_tokens,
            size_bytes: header.size_bytes,
            format: FileFormat::Gguf,
            task: Task::of_pooling(header.pooling),
            quantization: header.quantization,
            parameters: header.parameters,
            pinned: false,
            llama: None,
            shape: Some(header.shape),
        })
    }

    fn of_folder(path: PathBuf, name: Option<ModelName>) -> Result<Self, ModelError> {
        let folder = checked_folder(&path)?;
        Ok(Self {
            name: named(name, path.file_name())?,
            path,
            architecture: folder.config.architecture().to_owned(),
            context_tokens: folder.context_tokens,
            size_bytes: folder.size_bytes,
            format: FileFormat::Safetensors,
            task: match folder.config {
                FolderConfig::Decoder(_) => Task::Generate,
                FolderConfig::Static => Task::Embed,
                FolderConfig::Encoder { config, .. } => match config.head {
                    Head::Pooling => Task::Embed,
                    Head::Score => Task::Rerank,
                },
            },
            quantization: None,
            parameters: folder.parameters,
            pinned: false,
            llama: None,
            shape: None,
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// The name given, else one near to what the file is called.
fn named(name: Option<ModelName>, file: Option<&OsStr>) -> Result<ModelName, ModelError> {
    let near = || ModelName::near(&file?.to_string_lossy());
    name.or_else(near).ok_or_else(|| {
        let why = "it has no name: give it one".to_owned();
        ModelError::new(ModelErrorKind::Invalid(why), "add", "the model")
    })
}

/// What the folder at `path` says of its model, or what is wrong with it.
pub(crate) fn checked_folder(path: &Path) -> Result<ModelFolder, ModelError> {
    ModelFolder::read(path).map_err(|error| {
        let kind = match &error {
            FolderError::Architecture(_) | FolderError::Unlike(_) => {
                ModelErrorKind::Unsupported(error.to_string())
            }
            _ => ModelErrorKind::Load(error.to_string()),
        };
        ModelError::new(kind, "use", path.display().to_string()).caused_by(error)
    })
}

/// The header of the GGUF file at `path`, or what is wrong with it.
pub(crate) fn checked_header(path: &Path) -> Result<GgufHeader, ModelError> {
    gguf::read(path).map_err(|error| unusable(path, error))
}

/// `Ok` when the file at `path` is whole and changes the weights of a model.
#[cfg(feature = "llama")]
pub(crate) fn checked_adapter(path: &Path) -> Result<(), ModelError> {
    gguf::read_adapter(path).map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, error: GgufError) -> ModelError {
    let kind = match &error {
        GgufError::Read(e) if e.kind() == io::ErrorKind::NotFound => {
            ModelErrorKind::Invalid("there is no such file".to_owned())
        }
        GgufError::Read(e) => ModelErrorKind::Invalid(e.to_string()),
        _ => ModelErrorKind::Load(error.to_string()),
    };
    ModelError::new(kind, "use", path.display().to_string()).caused_by(error)
}

pub(crate) fn kind_of(error: &io::Error) -> ModelErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ModelErrorKind::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ModelErrorKind::ReadOnly
        }
        io::ErrorKind::InvalidData => ModelErrorKind::Corrupt,
        _ => ModelErrorKind::Unavailable,
    }
}
