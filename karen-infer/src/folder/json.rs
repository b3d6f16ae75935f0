//! Small JSON files of a folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::FolderError;

/// The index of a model of a thousand shards has some megabytes.
const JSON_BYTES_MAX: u64 = 16 << 20;

/// Reads `file` of `folder`; `None` if there is none.
pub(super) fn read<T: DeserializeOwned>(
    folder: &Path,
    file: &str,
) -> Result<Option<T>, FolderError> {
    let failed = |source| FolderError::Read {
        file: file.to_owned(),
        source,
    };
    let opened = match File::open(folder.join(file)) {
        Ok(opened) => opened,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let mut text = Vec::new();
    let mut bounded = opened.take(JSON_BYTES_MAX + 1);
    let bytes = bounded.read_to_end(&mut text).map_err(failed)? as u64;
    if bytes > JSON_BYTES_MAX {
        let file = file.to_owned();
        return Err(FolderError::TooLarge { file, bytes });
    }
    let parsed = serde_json::from_slice(&text).map_err(|source| FolderError::Json {
        file: file.to_owned(),
        source,
    })?;
    Ok(Some(parsed))
}
