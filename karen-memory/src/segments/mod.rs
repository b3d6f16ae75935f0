//! Segments: what an index in this process holds of each user, and the files that keep them.
//!
//! A segment is read from its file at its user's first call, and written back in parts as it changes.
//! What was not written yet, or was torn, is in the log of the truth and is applied again: the mark
//! tells where to go on. So nothing waits for a write but a deletion, which erases.

mod codec;
mod file;
mod held;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

pub(crate) use codec::{Source, put_facets, put_text};
pub(crate) use held::Held;

use crate::scope::Owner;
use crate::{MemoryError, MemoryErrorKind, RecordId, Scope};

/// What an index holds of one user: parts with numbers, each kept by itself.
pub(crate) trait Segment: Default + Send + Sync + 'static {
    /// A change of a record.
    type Change: Change + Send;

    /// Applies changes in their order.
    fn apply(&mut self, changes: Vec<Self::Change>);

    /// The parts that changed since it was asked last, each once.
    fn take_changed(&mut self) -> Vec<u32>;

    /// Every part there is.
    fn parts(&self) -> Vec<u32>;

    /// Writes a part; nothing stands for one that is gone. It must not hold words as they were
    /// written: files outlive records by a moment.
    fn write(&self, part: u32, to: &mut Vec<u8>);

    /// Takes in a part as it was written, in place of what was read of it before. `None` if it is
    /// none.
    fn read(&mut self, part: u32, from: &[u8]) -> Option<()>;

    /// Makes everything else from the parts, once they are read. `None` if they do not fit together.
    fn complete(&mut self) -> Option<()>;
}

/// A change of a segment.
pub(crate) trait Change {
    /// The record that changes.
    fn id(&self) -> &RecordId;

    /// Whether it is gone.
    fn deletes(&self) -> bool;
}

/// The segments of one index.
#[derive(Debug)]
pub(crate) struct Segments<S: Segment> {
    files: Option<Files>,
    held: Mutex<HashMap<Owner, Arc<OnceCell<Shared<S>>>>>,
}

type Shared<S> = Arc<RwLock<Held<S>>>;

/// Where the files of an index lie.
#[derive(Clone, Debug)]
struct Files {
    folder: PathBuf,
    /// Ends their names.
    extension: String,
    /// Tells what wrote them from everything that writes otherwise.
    format: [u8; 8],
}

impl<S: Segment> Default for Segments<S> {
    fn default() -> Self {
        Self {
            files: None,
            held: Mutex::default(),
        }
    }
}

impl<S: Segment> Segments<S> {
    /// Kept in files of `folder` whose names end in `extension`. A file of another `format` is
    /// written anew.
    pub(crate) fn in_folder(folder: &Path, extension: &str, format: &str) -> Self {
        let files = Files {
            folder: folder.to_owned(),
            extension: extension.to_owned(),
            format: digest(&[format]),
        };
        Self {
            files: Some(files),
            held: Mutex::default(),
        }
    }

    /// The last entry of the user's log that is applied.
    pub(crate) async fn mark(&self, scope: &Scope) -> i64 {
        let held = self.of(scope).await;
        let held = held.read().unwrap_or_else(PoisonError::into_inner);
        held.mark()
    }

    /// Applies changes in their order and moves the mark to `mark`.
    pub(crate) async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<S::Change>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        let held = self.of(scope).await;
        let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
        held.apply(changes, mark)
    }

    /// Looks into the segment of the scope's user.
    pub(crate) async fn look<T>(&self, scope: &Scope, look: impl FnOnce(&S) -> T) -> T {
        let held = self.of(scope).await;
        let held = held.read().unwrap_or_else(PoisonError::into_inner);
        look(&held.segment)
    }

    /// The segment of the scope's user, read from its file if this is the first call.
    async fn of(&self, scope: &Scope) -> Shared<S> {
        let cell = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(held.entry(scope.owner()).or_default())
        };
        let read = || async {
            let Some((path, format)) = self.files.as_ref().map(|f| (f.path(scope), f.format))
            else {
                return Shared::default();
            };
            let reading = tokio::task::spawn_blocking(move || Held::read(path, format));
            let held = reading.await.expect("reading a segment does not panic");
            Arc::new(RwLock::new(held))
        };
        Arc::clone(cell.get_or_init(read).await)
    }

    /// Forgets the scope's user, whose mark is 0 again, unless the mark is at an entry about `marked`.
    pub(crate) async fn confirm(
        &self,
        scope: &Scope,
        marked: Option<&RecordId>,
    ) -> Result<(), MemoryError> {
        let held = self.of(scope).await;
        let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
        match held.marked() == marked {
            true => Ok(()),
            false => held.clear().map_err(cannot_clear),
        }
    }

    /// Writes what is not written, and gives the files up. Segments go on in memory.
    pub(crate) fn close(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for held in held.values().filter_map(|cell| cell.get()) {
            let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
            held.close();
        }
    }

    /// Forgets everybody.
    pub(crate) fn clear(&self) -> Result<(), MemoryError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for cell in held.values() {
            if let Some(held) = cell.get() {
                let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
                held.clear().map_err(cannot_clear)?;
            }
        }
        held.clear();
        let Some(files) = &self.files else {
            return Ok(());
        };
        files.remove_all().map_err(cannot_clear)
    }
}

impl Files {
    /// Names of users may hold anything, so a file is named by their hash.
    fn path(&self, scope: &Scope) -> PathBuf {
        let (tenant, user) = (scope.tenant().as_str(), scope.user().as_str());
        let name = u128::from_be_bytes(digest(&[tenant, user]));
        self.folder.join(format!("{name:032x}.{}", self.extension))
    }

    fn remove_all(&self) -> io::Result<()> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name
                .split_once('.')
                .is_some_and(|(_, e)| e == self.extension)
            {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Each part after its length, so that no two lists of parts read alike.
pub(crate) fn digest<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    std::array::from_fn(|i| hash[i])
}

fn cannot_clear(error: io::Error) -> MemoryError {
    MemoryError::new(
        MemoryErrorKind::Unavailable,
        "clear",
        "the file of an index",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests;
