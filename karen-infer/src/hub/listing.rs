//! What a repository holds, as the hub's API tells it.

use serde::Deserialize;

use super::model::is_path;

/// A repository at one commit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listing {
    pub(crate) commit: String,
    pub(crate) files: Vec<HubFile>,
}

/// A file of a repository.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HubFile {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) checksum: Checksum,
}

/// What a file's content is told by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Checksum {
    /// Of large files.
    Sha256(String),
    /// Of small ones: the SHA-1 of git's own header and the content.
    GitBlob(String),
}

#[derive(Deserialize)]
struct Written {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Listing {
    /// Reads the API's answer. Files without a size or a checksum are left out: nothing could tell
    /// whether they came whole.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(json).ok()?;
        is_hex(&written.sha, 40..=64).then_some(())?;
        let files = written.siblings.into_iter().filter_map(Sibling::file);
        Some(Self {
            commit: written.sha,
            files: files.collect(),
        })
    }
}

impl Sibling {
    fn file(self) -> Option<HubFile> {
        let (bytes, checksum) = match self.lfs {
            Some(lfs) => {
                let sum = is_hex(&lfs.sha256, 64..=64).then(|| lfs.sha256.to_lowercase());
                (lfs.size, Checksum::Sha256(sum?))
            }
            None => {
                let id = self.blob_id.filter(|id| is_hex(id, 40..=40))?;
                (self.size?, Checksum::GitBlob(id.to_lowercase()))
            }
        };
        is_path(&self.rfilename).then_some(HubFile {
            path: self.rfilename,
            bytes,
            checksum,
        })
    }
}

fn is_hex(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}
