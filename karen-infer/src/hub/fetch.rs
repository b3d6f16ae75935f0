//! One file after another: fetched, checked, given its name.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use reqwest::Url;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::choice::Choice;
use super::client::{Hub, begins_at, failed};
use super::listing::{Checksum, HubFile};
use super::{HubModel, PullEvent};
use crate::registry::kind_of;
use crate::told::Teller;
use crate::{ModelError, ModelErrorKind};

/// Parts of a whole pull that are told of.
const STEPS: u64 = 200;
/// Hexadecimal digits of a commit that name its folder, as git shortens them.
const COMMIT_CHARS: usize = 12;

/// Where what was chosen is in `folder` once all of it is there: a file, or a folder.
pub(crate) fn target(
    model: &HubModel,
    (commit, choice): (&str, &Choice),
    folder: &Path,
) -> PathBuf {
    let commit: String = commit.chars().take(COMMIT_CHARS).collect();
    let home = folder.join(model.folder());
    match choice {
        Choice::Gguf(files) => home.join(commit).join(&files[0].path),
        Choice::Folder(_) => home.join(format!("{commit}-model")),
    }
}

/// Fetches what was chosen into `folder`. What is there whole already is not fetched again.
///
/// # Errors
/// `Damaged` when what comes is not what the hub announced; `Full`, `ReadOnly`; `Unavailable`,
/// `Timeout`, `RateLimited`, `Denied` as the hub is.
pub(crate) async fn place(
    hub: &Hub,
    model: &HubModel,
    (commit, choice): (&str, &Choice),
    folder: &Path,
    teller: &Teller<PullEvent>,
) -> Result<(), ModelError> {
    let target = target(model, (commit, choice), folder);
    let (files, here) = match choice {
        Choice::Gguf(files) => {
            let short: String = commit.chars().take(COMMIT_CHARS).collect();
            (files, folder.join(model.folder()).join(short))
        }
        // A folder gets its name when all of it is here.
        Choice::Folder(files) => (files, part_of(&target)),
    };
    let mut progress = Progress::new(files, teller);
    teller.tell(PullEvent::Listed {
        commit: commit.to_owned(),
        files: files.len(),
        bytes: progress.bytes,
    });
    let is_folder = matches!(choice, Choice::Folder(_));
    if is_folder && exists(&target).await? {
        return Ok(());
    }
    for file in files {
        let fetch = Fetch {
            hub,
            url: hub.file(model, commit, &file.path),
            file,
            target: here.join(&file.path),
        };
        fetch.run(&mut progress).await?;
    }
    if is_folder {
        let renamed = fs::rename(&here, &target).await;
        renamed.map_err(|e| disk("name", &target, e))?;
    }
    Ok(())
}

/// How much is here of all files.
struct Progress<'a> {
    teller: &'a Teller<PullEvent>,
    bytes: u64,
    /// Bytes of the files before the current one.
    before: u64,
    told: u64,
}

impl<'a> Progress<'a> {
    fn new(files: &[HubFile], teller: &'a Teller<PullEvent>) -> Self {
        let bytes = files.iter().map(|file| file.bytes);
        Self {
            teller,
            bytes: bytes.fold(0, u64::saturating_add),
            before: 0,
            told: 0,
        }
    }

    /// So many bytes of a file are here.
    fn at(&mut self, file: &HubFile, bytes: u64) {
        let done = self.before + bytes;
        let is_far = done.abs_diff(self.told) >= (self.bytes / STEPS).max(1);
        if is_far || bytes == file.bytes {
            self.told = done;
            self.teller.tell(PullEvent::Fetched {
                file: file.path.clone(),
                done_bytes: done,
                bytes: self.bytes,
            });
        }
    }
}

/// One file.
struct Fetch<'a> {
    hub: &'a Hub,
    url: Url,
    file: &'a HubFile,
    target: PathBuf,
}

impl Fetch<'_> {
    async fn run(&self, progress: &mut Progress<'_>) -> Result<(), ModelError> {
        if !exists(&self.target).await? {
            if let Some(parent) = self.target.parent() {
                let made = fs::create_dir_all(parent).await;
                made.map_err(|e| disk("make", parent, e))?;
            }
            let part = part_of(&self.target);
            let is_resumed = size(&part).await? > 0;
            self.complete(&part, progress).await?;
            match self.check(&part, progress.teller).await {
                // What an earlier pull left may be what is wrong.
                Err(error) if is_resumed && matches!(error.kind(), ModelErrorKind::Damaged(_)) => {
                    self.complete(&part, progress).await?;
                    self.check(&part, progress.teller).await?;
                }
                checked => checked?,
            }
            let renamed = fs::rename(&part, &self.target).await;
            renamed.map_err(|e| disk("name", &self.target, e))?;
        }
        progress.at(self.file, self.file.bytes);
        progress.before += self.file.bytes;
        Ok(())
    }

    /// Goes on until all bytes are here. Attempts that bring some do not count.
    async fn complete(&self, part: &Path, progress: &mut Progress<'_>) -> Result<(), ModelError> {
        let mut attempt = 0;
        loop {
            let have = size(part).await?;
            if have == self.file.bytes && have > 0 {
                return Ok(());
            }
            let error = match self.append(part, have, progress).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !error.kind().is_retryable() {
                return Err(error);
            }
            if size(part).await? > have {
                attempt = 0;
            }
            if attempt == self.hub.reached.retries {
                return Err(error);
            }
            self.hub.wait(error.kind(), attempt).await;
            attempt += 1;
        }
    }

    /// Asks for what is missing, and adds it.
    async fn append(
        &self,
        part: &Path,
        have: u64,
        progress: &mut Progress<'_>,
    ) -> Result<(), ModelError> {
        // More than there is to come is not a beginning of it.
        let have = if have < self.file.bytes { have } else { 0 };
        let mut response = self.hub.get(self.url.clone(), have).await?;
        // A hub without ranges sends everything again.
        let mut here = if begins_at(&response) == have {
            have
        } else {
            0
        };
        let write = |e| disk("write", part, e);
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .create(true)
            .write(true)
            .open(part)
            .await
            .map_err(write)?;
        file.set_len(here).await.map_err(write)?;
        file.seek(io::SeekFrom::End(0)).await.map_err(write)?;
        let fetched = loop {
            match self.hub.chunk(&mut response).await {
                Ok(Some(chunk)) => {
                    here += chunk.len() as u64;
                    if here > self.file.bytes {
                        file.set_len(0).await.map_err(write)?;
                        break Err(self.damaged("more comes than the hub announced"));
                    }
                    file.write_all(&chunk).await.map_err(write)?;
                    progress.at(self.file, here);
                }
                Ok(None) if here < self.file.bytes => {
                    break Err(failed(ModelErrorKind::Unavailable));
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // Also after a cut: what came is kept.
        file.flush().await.map_err(write)?;
        file.sync_all().await.map_err(write)?;
        fetched
    }

    async fn check(&self, part: &Path, teller: &Teller<PullEvent>) -> Result<(), ModelError> {
        teller.tell(PullEvent::Checking {
            file: self.file.path.clone(),
        });
        let (path, file) = (part.to_owned(), self.file.clone());
        let sum = tokio::task::spawn_blocking(move || sum(&path, &file)).await;
        let broken = |e| failed(ModelErrorKind::Internal).caused_by(e);
        let (Checksum::Sha256(announced) | Checksum::GitBlob(announced)) = &self.file.checksum;
        if sum.map_err(broken)?.map_err(|e| disk("read", part, e))? == *announced {
            return Ok(());
        }
        let removed = fs::remove_file(part).await;
        removed.map_err(|e| disk("remove", part, e))?;
        Err(self.damaged("its checksum is not the one that the hub announced"))
    }

    fn damaged(&self, what: &str) -> ModelError {
        let why = format!("{what}: pull again, or from another mirror");
        let kind = ModelErrorKind::Damaged(why);
        ModelError::new(kind, "pull", self.file.path.clone())
    }
}

/// What the content of a file is told by, in hexadecimal.
fn sum(path: &Path, file: &HubFile) -> io::Result<String> {
    match &file.checksum {
        Checksum::Sha256(_) => digest(Sha256::new(), path),
        Checksum::GitBlob(_) => {
            let mut hasher = Sha1::new();
            hasher.update(format!("blob {}\0", file.bytes));
            digest(hasher, path)
        }
    }
}

fn digest(mut hasher: impl Digest, path: &Path) -> io::Result<String> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    let mut hex = String::new();
    for byte in hasher.finalize() {
        write!(hex, "{byte:02x}").expect("a text takes any text");
    }
    Ok(hex)
}

/// Where a file is until it is whole.
fn part_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Bytes of a file; 0 when there is none.
async fn size(path: &Path) -> Result<u64, ModelError> {
    match fs::metadata(path).await {
        Ok(metadata) => Ok(metadata.len()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(disk("look at", path, e)),
    }
}

async fn exists(path: &Path) -> Result<bool, ModelError> {
    let there = fs::try_exists(path).await;
    there.map_err(|e| disk("look at", path, e))
}

fn disk(operation: &'static str, path: &Path, error: io::Error) -> ModelError {
    let subject = path.display().to_string();
    ModelError::new(kind_of(&error), operation, subject).caused_by(error)
}
