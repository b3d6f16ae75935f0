//! The files of one user's memories.

use std::fs;
use std::path::{Path, PathBuf};

use super::{entries, failed_io, named, unless_gone};
use crate::MemoryError;
use crate::analytics::{Batch, Mark, RowChange};

/// A file is taken in by a later one that is at least the fourth part of its size.
const TAKEN_TIMES: u64 = 4;
/// Bytes that any file has; below, size says nothing.
const SMALL_BYTES: u64 = 16 * 1024;

/// A file of memories: what changed after the entry `since` of the log, up to its mark.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) since: i64,
    pub(super) mark: Mark,
}

impl Part {
    /// Names sort as files follow one another.
    pub(super) fn name(since: i64, mark: Mark) -> String {
        let Mark {
            sequence,
            fingerprint,
        } = mark;
        format!("memories-{sequence:016x}-{since:016x}-{fingerprint:016x}.parquet")
    }

    fn read(path: PathBuf) -> Option<Self> {
        let name = named(&path).strip_prefix("memories-")?;
        let (sequence, rest) = name.strip_suffix(".parquet")?.split_once('-')?;
        let (since, fingerprint) = rest.split_once('-')?;
        let number = |digits| i64::from_str_radix(digits, 16).ok();
        let mark = Mark {
            sequence: number(sequence)?,
            fingerprint: u64::from_str_radix(fingerprint, 16).ok()?,
        };
        let since = number(since)?;
        Some(Self { path, since, mark })
    }

    fn bytes(&self) -> Result<u64, MemoryError> {
        let bytes = fs::metadata(&self.path).map(|file| file.len());
        Ok(bytes.map_err(|e| failed_io("read", e))?.max(SMALL_BYTES))
    }
}

/// The files that count, oldest first.
pub(super) fn of(folder: &Path) -> Result<Vec<Part>, MemoryError> {
    let mut files: Vec<Part> = entries(folder)?
        .into_iter()
        .filter_map(Part::read)
        .collect();
    // Of two that end alike the one that begins earlier took the other in.
    files.sort_by_key(|part| (part.mark.sequence, -part.since));
    let mut parts: Vec<Part> = Vec::new();
    while let Some(part) = files.pop() {
        if parts
            .last()
            .is_none_or(|next| next.since == part.mark.sequence)
        {
            parts.push(part);
        }
    }
    parts.reverse();
    Ok(parts)
}

/// Those at the end that a batch takes in: all, where a row goes, or was applied before.
pub(super) fn taken<'a>(parts: &'a [Part], batch: &Batch) -> Result<&'a [Part], MemoryError> {
    let goes = |change: &RowChange| matches!(change, RowChange::Delete(_));
    let is_new = parts
        .last()
        .is_none_or(|last| last.mark.sequence < batch.mark.sequence);
    if !is_new || batch.changes.iter().any(goes) {
        return Ok(parts);
    }
    let (mut from, mut bytes) = (parts.len(), SMALL_BYTES);
    while let Some(part) = from.checked_sub(1).map(|before| &parts[before]) {
        let size = part.bytes()?;
        if size > bytes * TAKEN_TIMES {
            break;
        }
        bytes += size;
        from -= 1;
    }
    Ok(&parts[from..])
}

/// Removes the files that count no more beside one that was just written; all others, where it begins with nothing.
pub(super) fn remove_others(folder: &Path, written: &str, since: i64) -> Result<(), MemoryError> {
    let kept: Vec<PathBuf> = match since {
        0 => vec![folder.join(written)],
        _ => of(folder)?.into_iter().map(|part| part.path).collect(),
    };
    let files = entries(folder)?.into_iter();
    let others = files.filter(|path| named(path).starts_with("memories-") && !kept.contains(path));
    others.map(fs::remove_file).try_for_each(unless_gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scope, TenantId, UserId};

    fn mark(sequence: i64) -> Mark {
        Mark {
            sequence,
            fingerprint: 7,
        }
    }

    fn files(folder: &Path, parts: &[(i64, i64, usize)]) {
        for (since, sequence, bytes) in parts {
            let path = folder.join(Part::name(*since, mark(*sequence)));
            fs::write(path, vec![0; *bytes]).expect("a file");
        }
    }

    fn ranges(parts: &[Part]) -> Vec<(i64, i64)> {
        parts.iter().map(|p| (p.since, p.mark.sequence)).collect()
    }

    fn batch(sequence: i64, changes: Vec<RowChange>) -> Batch {
        Batch {
            scope: Scope::new(TenantId::new("a"), UserId::new("ada")),
            changes,
            mark: mark(sequence),
        }
    }

    #[test]
    fn what_a_later_file_took_in_counts_no_more() {
        let folder = tempfile::tempdir().expect("folder");
        // A crash left the two that the last one took in, and one from before those.
        files(
            folder.path(),
            &[(0, 9, 1), (9, 12, 1), (12, 20, 1), (9, 21, 1), (3, 5, 1)],
        );
        assert_eq!(
            ranges(&of(folder.path()).expect("parts")),
            [(0, 9), (9, 21)]
        );
        let last = Part::name(9, mark(21));
        remove_others(folder.path(), &last, 9).expect("removed");
        assert_eq!(entries(folder.path()).expect("files").len(), 2);
        remove_others(folder.path(), &Part::name(0, mark(9)), 0).expect("removed");
        assert_eq!(ranges(&of(folder.path()).expect("parts")), [(0, 9)]);
    }

    #[test]
    fn a_batch_takes_in_what_is_not_much_larger() {
        let folder = tempfile::tempdir().expect("folder");
        let small = SMALL_BYTES as usize;
        files(
            folder.path(),
            &[(0, 9, 99 * small), (9, 12, 9 * small), (12, 20, 2 * small)],
        );
        let parts = of(folder.path()).expect("parts");
        let taken = |batch: &Batch| ranges(taken(&parts, batch).expect("sizes"));
        assert_eq!(taken(&batch(30, Vec::new())), [(9, 12), (12, 20)]);
        let goes = RowChange::Delete(crate::RecordId::fresh());
        assert_eq!(
            taken(&batch(30, vec![goes])).len(),
            3,
            "a row that goes is in no file"
        );
        assert_eq!(taken(&batch(20, Vec::new())).len(), 3, "applied before");
    }
}
