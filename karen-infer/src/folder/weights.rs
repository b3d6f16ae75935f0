//! The files of weights: which there are, and whether each is whole.
//!
//! Format: <https://github.com/huggingface/safetensors#format>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::{FolderError, json};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// The length of the header, which the file begins with.
const LENGTH_BYTES: u64 = 8;
/// The format's own limit.
const HEADER_BYTES_MAX: u64 = 100_000_000;

#[derive(Deserialize)]
struct Index {
    /// The file that each tensor is in.
    weight_map: BTreeMap<String, String>,
}

/// The weights of a folder, each file checked.
pub(super) struct Weights {
    pub(super) files: Vec<PathBuf>,
    /// Bytes of all of them.
    pub(super) size_bytes: u64,
    /// Numbers in all of them.
    pub(super) parameters: u64,
}

/// The weights of `folder`.
pub(super) fn read(folder: &Path) -> Result<Weights, FolderError> {
    let mut weights = Weights {
        files: Vec::new(),
        size_bytes: 0,
        parameters: 0,
    };
    for name in names(folder)? {
        let (size_bytes, parameters) = check(folder, &name)?;
        weights.size_bytes += size_bytes;
        weights.parameters = weights.parameters.saturating_add(parameters);
        weights.files.push(folder.join(name));
    }
    Ok(weights)
}

fn names(folder: &Path) -> Result<BTreeSet<String>, FolderError> {
    if folder.join(SINGLE).exists() {
        return Ok(BTreeSet::from([SINGLE.to_owned()]));
    }
    let index: Option<Index> = json::read(folder, INDEX)?;
    let index = index.ok_or_else(|| FolderError::Absent(SINGLE.to_owned()))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    match names.iter().find(|name| !is_file_name(name)) {
        Some(name) => Err(FolderError::ShardName(name.clone())),
        None => Ok(names),
    }
}

/// Whether it stays in the folder.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
}

/// The bytes of a file whose header fits it, and the numbers in it.
fn check(folder: &Path, name: &str) -> Result<(u64, u64), FolderError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FolderError::Absent(name.to_owned()),
        _ => FolderError::Read {
            file: name.to_owned(),
            source,
        },
    };
    let damaged = |source| FolderError::Header {
        file: name.to_owned(),
        source,
    };
    let length = |have, want| FolderError::Length {
        file: name.to_owned(),
        have,
        want,
    };
    let mut file = File::open(folder.join(name)).map_err(failed)?;
    let have = file.metadata().map_err(failed)?.len();
    if have < LENGTH_BYTES {
        return Err(length(have, LENGTH_BYTES));
    }
    let mut bytes = [0; LENGTH_BYTES as usize];
    file.read_exact(&mut bytes).map_err(failed)?;
    let header_bytes = u64::from_le_bytes(bytes);
    if header_bytes > HEADER_BYTES_MAX {
        return Err(damaged(None));
    }
    if header_bytes + LENGTH_BYTES > have {
        return Err(length(have, header_bytes + LENGTH_BYTES));
    }
    let mut header = Vec::new();
    let mut header_of_file = file.take(header_bytes);
    header_of_file.read_to_end(&mut header).map_err(failed)?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| damaged(Some(e)))?;
    let data_bytes = metadata.data_len() as u64;
    let want = data_bytes.saturating_add(LENGTH_BYTES + header_bytes);
    if want == have {
        Ok((have, parameters(&metadata)))
    } else {
        Err(length(have, want))
    }
}

fn parameters(metadata: &Metadata) -> u64 {
    let tensors = metadata.tensors();
    let numbers = tensors.values().map(|tensor| {
        let sizes = tensor.shape.iter().map(|&size| size as u64);
        sizes.fold(1, u64::saturating_mul)
    });
    numbers.fold(0, u64::saturating_add)
}
