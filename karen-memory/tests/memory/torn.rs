//! Disks that lose the end of a file, or refuse one: records are those of some moment, and indexes follow.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use karen_memory::{Memory, Query};

use crate::{MONDAY_NOON, ada, all, meaningful_memory_in, turn};

const BOATS: i64 = 40;
/// Bytes of a page in SQLite's log, with its header.
const FRAME_BYTES: usize = 24 + 4096;

async fn keep(memory: &Memory, number: i64) {
    let text = format!("The harbour keeps boat {number}");
    let said = turn(&text, "user", &text, MONDAY_NOON + number);
    memory.ingest(&ada(), vec![said]).await.expect("ingest");
}

/// What both indexes find.
async fn found(memory: &Memory) -> Vec<String> {
    let query = Query::new("harbour boat").limit(2 * BOATS as usize);
    let recall = memory.recall(&ada(), query).await.expect("recall");
    let items = recall.items.into_iter();
    let by_both = items.filter(|item| !item.why.terms.is_empty() && item.why.cosine.is_some());
    let mut found: Vec<String> = by_both.map(|item| item.record.text).collect();
    found.sort();
    found
}

async fn kept(memory: &Memory) -> Vec<String> {
    let records = all(memory, &ada()).await.into_iter();
    let mut kept: Vec<String> = records.map(|record| record.text).collect();
    kept.sort();
    kept
}

/// A folder as a power cut leaves it: the log of the database is not folded into its file, and the
/// indexes have all but the last boat.
async fn folder() -> tempfile::TempDir {
    let (folder, left) = (tempfile::tempdir(), tempfile::tempdir());
    let (folder, left) = (folder.expect("folder"), left.expect("folder"));
    let (memory, _database) = meaningful_memory_in(folder.path()).await;
    for number in 1..BOATS {
        keep(&memory, number).await;
    }
    found(&memory).await;
    memory.close().await;
    keep(&memory, BOATS).await;
    copy(folder.path(), left.path());
    left
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for path in entries(from) {
        let to = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).expect("copy")),
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn bytes_of(file: &Path) -> u64 {
    fs::metadata(file).expect("a file").len()
}

fn cut(file: &Path, bytes: u64) {
    let file = File::options().write(true).open(file).expect("a file");
    file.set_len(bytes).expect("cut");
}

/// Opens a folder and gives the boats that it holds, which each index finds, as it would made anew.
async fn check_whole(folder: &Path) -> Vec<String> {
    let (memory, database) = meaningful_memory_in(folder).await;
    database.verify().await.expect("sound");
    let held = kept(&memory).await;
    // Written under the number in the log of what was lost.
    keep(&memory, BOATS + 1).await;
    let kept = kept(&memory).await;
    assert_eq!(
        (kept.len(), found(&memory).await),
        (held.len() + 1, kept.clone())
    );
    memory.rebuild().await.expect("rebuild");
    assert_eq!(found(&memory).await, kept);
    memory.close().await;
    database.close().await;
    held
}

#[tokio::test]
async fn a_log_that_lost_its_end_holds_what_was_kept_before_and_indexes_follow() {
    let folder = folder().await;
    let frames = bytes_of(&folder.path().join("karen.db-wal")) as usize / FRAME_BYTES;
    let mut held = Vec::new();
    // Within the last frame, at its edge, and further back than the indexes have come.
    for lost in [
        1,
        100,
        FRAME_BYTES,
        FRAME_BYTES + 1,
        frames / 2 * FRAME_BYTES,
    ] {
        let torn = tempfile::tempdir().expect("folder");
        copy(folder.path(), torn.path());
        let log = torn.path().join("karen.db-wal");
        cut(&log, bytes_of(&log) - lost as u64);
        let kept = check_whole(torn.path()).await;
        held.push(kept.len() as i64);
    }
    assert!(held.is_sorted_by(|a, b| a >= b), "{held:?}");
    assert_eq!(held[0], BOATS - 1, "the last write is torn, and no other");
    assert!(held[4] < BOATS - 1, "{held:?}");
}

#[tokio::test]
async fn a_page_of_the_log_that_is_torn_takes_its_write_with_it_and_no_other() {
    let folder = folder().await;
    let log = folder.path().join("karen.db-wal");
    let mut bytes = fs::read(&log).expect("read");
    let half = bytes.len() - FRAME_BYTES / 2;
    bytes[half..].fill(0xa5);
    fs::write(&log, bytes).expect("write");
    assert_eq!(check_whole(folder.path()).await.len() as i64, BOATS - 1);
}

#[tokio::test]
async fn indexes_that_were_cut_damaged_or_deleted_are_made_whole_from_the_records() {
    let folder = folder().await;
    let indexes = entries(&folder.path().join("indexes"));
    assert_eq!(indexes.len(), 2, "words and meanings: {indexes:?}");
    for index in &indexes {
        let bytes = bytes_of(index);
        for left in [0, 7, 16, bytes / 3, bytes / 2, bytes - 1] {
            let torn = tempfile::tempdir().expect("folder");
            copy(folder.path(), torn.path());
            let name = index.file_name().expect("a name");
            cut(&torn.path().join("indexes").join(name), left);
            assert_eq!(check_whole(torn.path()).await.len() as i64, BOATS, "{left}");
        }
        fs::write(index, b"no index at all").expect("write");
    }
    let without = tempfile::tempdir().expect("folder");
    copy(folder.path(), without.path());
    fs::remove_dir_all(without.path().join("indexes")).expect("remove");
    for folder in [folder.path(), without.path()] {
        assert_eq!(check_whole(folder).await.len() as i64, BOATS);
    }
}

#[tokio::test]
async fn a_memory_whose_indexes_cannot_be_kept_recalls_and_forgets_without_them() {
    let folder = tempfile::tempdir().expect("folder");
    let no_folder = folder.path().join("indexes");
    fs::write(&no_folder, b"a file").expect("write");
    let (memory, _database) = meaningful_memory_in(folder.path()).await;
    for number in 1..=BOATS {
        keep(&memory, number).await;
    }
    assert_eq!(found(&memory).await.len() as i64, BOATS);
    let first = all(&memory, &ada()).await.remove(0);
    assert!(memory.forget(&ada(), &first.id).await.expect("forget"));
    assert_eq!(found(&memory).await, kept(&memory).await);
    assert_eq!(fs::read(&no_folder).expect("read"), b"a file");
}
