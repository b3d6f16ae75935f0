//! The data folder: one process owns it at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use karen_auth::SigningSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Code, Error, Result};

const LOCK: &str = "karen.lock";
const SOCKET: &str = "karen.sock";
const DATABASE: &str = "karen.db";
const INDEXES: &str = "indexes";
const ANALYTICS: &str = "analytics.duckdb";
const SECRET: &str = "secret.key";
const SECRET_BYTES: usize = 32;
const INSTANCE: &str = "instance.id";

/// A data folder that this process owns until the value is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The operating system gives the lock back with the file, also after `kill -9`.
    lock: File,
}

/// What a lock file tells of the process that holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    pid: u32,
}

impl DataFolder {
    /// Makes the folder if it is absent, and takes it.
    ///
    /// # Errors
    /// `LOCKED` with the owner's process id, `READ_ONLY`, `STORAGE_FULL`.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let of = |e| io_error(path, e);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(of)?;
        let path = path.canonicalize().map_err(of)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(LOCK))
            .map_err(of)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(&path, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(of(error)),
        }
        write_owner(&mut lock).map_err(of)?;
        Ok(Self { path, lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// What searches are answered from, made again where it is absent.
    pub(crate) fn indexes(&self) -> PathBuf {
        self.path.join(INDEXES)
    }

    /// What questions are answered from, made again where it is absent.
    pub(crate) fn analytics(&self) -> PathBuf {
        self.path.join(ANALYTICS)
    }

    /// The secret of this folder, made at the first start.
    ///
    /// # Errors
    /// `CORRUPT` when the file holds something else.
    pub(crate) fn secret(&self) -> Result<SigningSecret> {
        let path = self.path.join(SECRET);
        let secret = read_or_create(&path, fresh_secret)?;
        SigningSecret::new(&secret).map_err(|error| {
            let advice = "is damaged: restore it, or delete it to sign everybody out";
            Error::new(Code::Corrupt, format!("{} {advice}", path.display())).caused_by(error)
        })
    }

    /// What this folder is known by among those that share a database, made at the first start.
    ///
    /// # Errors
    /// `READ_ONLY`, `STORAGE_FULL`, `UNAVAILABLE`.
    pub(crate) fn instance(&self) -> Result<String> {
        read_or_create(&self.path.join(INSTANCE), fresh_instance)
    }
}

impl Drop for DataFolder {
    /// A child process that is just being started holds a copy of the file for a moment, and with
    /// it the lock, unless it is given back in so many words.
    fn drop(&mut self) {
        // What cannot be given back goes with the file.
        let _ = self.lock.unlock();
    }
}

/// Where a process that owns `folder` can be reached by commands on the same machine.
#[must_use]
pub fn socket_path(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

fn locked(path: &Path, lock: &mut File) -> Error {
    let mut text = String::new();
    let owner = lock
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| serde_json::from_str(&text).ok());
    let by = owner.map_or_else(
        || "another process".to_owned(),
        |Owner { pid }| format!("process {pid}"),
    );
    let message = format!(
        "{} is in use by {by}: stop it, or reach it through {}",
        path.display(),
        socket_path(path).display(),
    );
    Error::new(Code::Locked, message)
}

fn write_owner(lock: &mut File) -> io::Result<()> {
    let owner = Owner {
        pid: std::process::id(),
    };
    let text = serde_json::to_string(&owner).expect("a number is plain data");
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(text.as_bytes())
}

/// A name that no other folder has.
pub(crate) fn fresh_instance() -> String {
    Uuid::now_v7().simple().to_string()
}

fn fresh_secret() -> String {
    let bytes: [u8; SECRET_BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_or_create(path: &Path, fresh: impl Fn() -> String) -> Result<String> {
    match std::fs::read(path) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, fresh()),
        Err(error) => Err(io_error(path, error)),
    }
}

/// Written whole under another name first: a secret cut short would be kept for good.
fn create(path: &Path, text: String) -> Result<String> {
    let of = |e| io_error(path, e);
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(of)?;
    file.write_all(text.as_bytes()).map_err(of)?;
    file.sync_all().map_err(of)?;
    std::fs::rename(&fresh, path).map_err(of)?;
    Ok(text)
}

fn io_error(path: &Path, error: io::Error) -> Error {
    let (code, advice) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (Code::StorageFull, "the disk is full: free some space")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            Code::ReadOnly,
            "it cannot be written: check its owner and permissions",
        ),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            (Code::InvalidArgument, "it is no folder: name another one")
        }
        _ => (Code::Unavailable, "it cannot be opened"),
    };
    Error::new(code, format!("{}: {advice}", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_refused_with_the_first_ones_pid() {
        let folder = tempfile::tempdir().expect("folder");
        let first = DataFolder::take(folder.path()).expect("first");
        let error = DataFolder::take(folder.path()).expect_err("second");
        assert_eq!(error.code(), Code::Locked);
        assert!(
            error.to_string().contains(&std::process::id().to_string()),
            "{error}"
        );
        drop(first);
        DataFolder::take(folder.path()).expect("free again");
    }

    #[test]
    fn the_secret_is_made_once_and_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let data = DataFolder::take(folder.path()).expect("take");
        let read = || std::fs::read(folder.path().join(SECRET)).expect("secret");
        data.secret().expect("made");
        let made = read();
        assert_eq!(made.len(), 2 * SECRET_BYTES);
        data.secret().expect("read");
        assert_eq!(read(), made);
        let mode = std::fs::metadata(folder.path().join(SECRET))
            .expect("file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let file = tempfile::NamedTempFile::new().expect("file");
        let error = DataFolder::take(file.path()).expect_err("a file");
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.to_string().contains("no folder"), "{error}");
    }
}
