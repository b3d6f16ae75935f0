//! Finding the models of a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Models;
use crate::registry::kind_of;
use crate::{ModelError, ModelErrorKind, ModelInfo};

/// What a look into a folder found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The models that were not known before, in the order of their paths.
    pub added: Vec<ModelInfo>,
    /// What looks like a model and is none that can be added, and why.
    pub refused: Vec<(PathBuf, ModelError)>,
}

impl Models {
    /// Adds every model of a folder that is not known yet, and keeps them in the registry: the GGUF
    /// files in it and in the folders in it, and those of these folders that hold safetensors. A file
    /// whose own name is taken is called as the file is.
    ///
    /// # Errors
    /// `Invalid` when the folder cannot be read. What cannot be added is told beside what was.
    pub async fn scan(&self, folder: &Path) -> Result<Scanned, ModelError> {
        self.scan_into(folder, true).await
    }

    /// As [`scan`](Models::scan), until the program ends.
    ///
    /// # Errors
    /// As [`scan`](Models::scan).
    pub async fn scan_for_now(&self, folder: &Path) -> Result<Scanned, ModelError> {
        self.scan_into(folder, false).await
    }

    async fn scan_into(&self, folder: &Path, is_kept: bool) -> Result<Scanned, ModelError> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let failed = |e: io::Error| {
            let kind = match e.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    ModelErrorKind::Invalid("there is no such folder".to_owned())
                }
                _ => kind_of(&e),
            };
            ModelError::new(kind, "look into", folder.display().to_string()).caused_by(e)
        };
        let looked = folder.clone();
        let found = tokio::task::spawn_blocking(move || look(&looked)).await;
        let broken = |e| ModelError::new(ModelErrorKind::Internal, "look into", "it").caused_by(e);
        let mut scanned = Scanned::default();
        for path in found.map_err(broken)?.map_err(failed)? {
            if self.is_known(&path) {
                continue;
            }
            match self.add_found(&path, is_kept).await {
                Ok(info) => scanned.added.push(info),
                Err(error) => scanned.refused.push((path, error)),
            }
        }
        Ok(scanned)
    }

    fn is_known(&self, path: &Path) -> bool {
        let infos = self.list();
        infos.iter().any(|info| info.path.as_deref() == Some(path))
    }

    /// Under its own name, else under that of its file.
    async fn add_found(&self, path: &Path, is_kept: bool) -> Result<ModelInfo, ModelError> {
        match self.add_file(path, None, is_kept).await {
            Err(error) if *error.kind() == ModelErrorKind::Conflict => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                match crate::ModelName::near(&stem) {
                    Some(name) => self.add_file(path, Some(&name), is_kept).await,
                    None => Err(error),
                }
            }
            added => added,
        }
    }
}

/// What looks like a model in a folder and in the folders in it, by path.
fn look(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if !path.is_dir() {
            found.extend(is_gguf(&path).then_some(path));
        } else if path.join("config.json").exists() {
            found.push(path);
        } else {
            found.extend(entries(&path)?.into_iter().filter(|path| is_gguf(path)));
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// Whether it is a GGUF file, or the first part of one; a projector is none by itself.
fn is_gguf(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let is_later_part = name.contains("-of-") && !name.contains("-00001-of-");
    name.ends_with(".gguf") && !name.starts_with("mmproj") && !is_later_part && path.is_file()
}
