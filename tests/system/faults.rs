//! Faults that the operating system does not play on demand: libraries preloaded into a program.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::paths;

/// Compiles the library `faults/NAME.c` into `folder`.
pub(crate) async fn library(name: &str, folder: &Path) -> PathBuf {
    let library = folder.join(name).with_extension("so");
    let source = paths::root().join("tests/system/faults").join(name);
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(source.with_extension("c"))
        .args(["-ldl", "-pthread"]);
    assert!(cc.status().await.unwrap().success());
    library
}

/// A change of a file that the next sync of it makes durable.
struct Change {
    path: PathBuf,
    offset: u64,
    bytes_before: Vec<u8>,
    size_before: u64,
    is_sync: bool,
}

/// Plays the power cut: takes back what no sync followed, and gives how many changes those were.
pub(crate) fn cut_power(journal: &Path) -> usize {
    let written = std::fs::read(journal).unwrap_or_default();
    let mut rest = written.as_slice();
    let mut changes = Vec::new();
    while let Some(change) = next_change(&mut rest) {
        changes.push(change);
    }
    let mut safe: HashSet<PathBuf> = HashSet::new();
    let mut undone = 0;
    for change in changes.iter().rev() {
        if change.is_sync {
            safe.insert(change.path.clone());
        } else if !safe.contains(&change.path) {
            undo(change);
            undone += 1;
        }
    }
    undone
}

/// `None` at the end, where the program may have been killed in the middle of an entry.
fn next_change(rest: &mut &[u8]) -> Option<Change> {
    let number = |rest: &mut &[u8]| -> Option<u64> {
        let (bytes, after) = rest.split_first_chunk::<8>()?;
        *rest = after;
        Some(u64::from_ne_bytes(*bytes))
    };
    let [kind, path_length, offset, length, size_before] = [
        number(rest)?,
        number(rest)?,
        number(rest)?,
        number(rest)?,
        number(rest)?,
    ];
    let (path, after) = rest.split_at_checked(usize::try_from(path_length).ok()?)?;
    let (bytes, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Change {
        path: PathBuf::from(std::str::from_utf8(path).ok()?),
        offset,
        bytes_before: bytes.to_vec(),
        size_before,
        is_sync: kind == 1,
    })
}

fn undo(change: &Change) {
    let Ok(file) = OpenOptions::new().write(true).open(&change.path) else {
        // Deleted since: the names of files are durable.
        return;
    };
    file.write_all_at(&change.bytes_before, change.offset)
        .unwrap();
    file.set_len(change.size_before).unwrap();
}
