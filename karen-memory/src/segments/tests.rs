use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::testing::facets;
use crate::{
    Facets, Filter, FlatIndex, InProcessTextIndex, RecordKind, TenantId, TextChange, TextHit,
    TextIndex, UserId, VectorChange, VectorIndex,
};

const EMBEDDER: &str = "hashed-words-1";

/// What an index answered, by its mark.
type Answers = BTreeMap<i64, Vec<TextHit>>;

fn ada() -> Scope {
    Scope::new(TenantId::new("default"), UserId::new("ada"))
}

fn tagged(session: &str, tag: &str) -> Facets {
    Facets {
        tags: vec![tag.to_owned()],
        ..facets(RecordKind::Turn, Some(session), Some("msg_1"))
    }
}

fn put(id: &RecordId, session: &str, at: i64, text: &str) -> TextChange {
    TextChange::Put {
        id: id.clone(),
        facets: tagged(session, "boat"),
        at,
        text: text.to_owned(),
    }
}

async fn answer(index: &InProcessTextIndex) -> Vec<TextHit> {
    let filter = Filter::default();
    let found = index.search(&ada(), "w1 w2 w3 w4 w5", &filter, 1000).await;
    found.expect("search")
}

async fn mark(index: &InProcessTextIndex) -> i64 {
    index.mark(&ada()).await.expect("mark")
}

/// Applies `batches` random batches to a file of `folder`, closing it after each; gives what it
/// answered after each.
async fn fill(folder: &Path, batches: i64) -> Answers {
    let mut random = StdRng::seed_from_u64(3);
    let ids: Vec<RecordId> = (0..40).map(|_| RecordId::fresh()).collect();
    let mut answers = Answers::new();
    for batch in 1..=batches {
        let index = InProcessTextIndex::in_folder(folder);
        let change = |_| {
            let id = &ids[random.random_range(0..ids.len())];
            let words = (0..6).map(|_| format!("w{}", random.random_range(0..20)));
            let text = words.collect::<Vec<_>>().join(" ");
            let session = format!("s{}", random.random_range(0..5));
            match random.random_ratio(1, 5) {
                true => TextChange::Delete(id.clone()),
                false => put(id, &session, random.random_range(0..9), &text),
            }
        };
        let changes = (0..5).map(change).collect();
        index.apply(&ada(), changes, batch).await.expect("apply");
        answers.insert(batch, answer(&index).await);
    }
    answers
}

fn only_file(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut paths = files.map(|entry| entry.expect("an entry").path());
    let path = paths.next().expect("a file");
    assert_eq!(paths.next(), None);
    path
}

/// Opens a folder whose one file holds `bytes`: it answers as it once did. Gives its mark.
async fn check_one_of(answers: &Answers, name: &Path, bytes: &[u8]) -> i64 {
    let folder = tempfile::tempdir().expect("folder");
    let name = name.file_name().expect("a name");
    std::fs::write(folder.path().join(name), bytes).expect("write");
    let index = InProcessTextIndex::in_folder(folder.path());
    let (mark, found) = (mark(&index).await, answer(&index).await);
    let expect = answers.get(&mark).map_or(&[][..], Vec::as_slice);
    assert!(mark == 0 || answers.contains_key(&mark), "a mark of {mark}");
    let ids = |hits: &[TextHit]| hits.iter().map(|h| h.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&found), ids(expect), "at {mark}");
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
    for (found, expect) in found.iter().zip(expect) {
        assert!(found.scores.iter().zip(&expect.scores).all(close));
    }
    mark
}

#[tokio::test]
async fn a_segment_answers_after_each_opening_as_before_it() {
    let folder = tempfile::tempdir().expect("folder");
    let answers = fill(folder.path(), 60).await;
    let file = only_file(folder.path());
    let bytes = std::fs::read(&file).expect("read");
    assert_eq!(check_one_of(&answers, &file, &bytes).await, 60);
}

#[tokio::test]
async fn a_file_that_is_cut_answers_as_it_once_did() {
    let folder = tempfile::tempdir().expect("folder");
    let index = InProcessTextIndex::in_folder(folder.path());
    let mut answers = Answers::new();
    for batch in 1..=4 {
        let turn = |i: i64| put(&RecordId::fresh(), "s", i, &format!("w{} w{i}", batch));
        index
            .apply(&ada(), (0..256).map(turn).collect(), batch)
            .await
            .expect("apply");
        answers.insert(batch, answer(&index).await);
    }
    drop(index);
    let file = only_file(folder.path());
    let bytes = std::fs::read(&file).expect("read");
    let mut marks = Vec::new();
    for length in (0..=bytes.len()).rev().step_by(997) {
        marks.push(check_one_of(&answers, &file, &bytes[..length]).await);
    }
    marks.dedup();
    assert_eq!(marks, [4, 3, 2, 1, 0]);
}

#[tokio::test]
async fn a_file_that_is_damaged_answers_as_it_once_did_or_starts_again() {
    let folder = tempfile::tempdir().expect("folder");
    let answers = fill(folder.path(), 12).await;
    let file = only_file(folder.path());
    let bytes = std::fs::read(&file).expect("read");
    let mut random = StdRng::seed_from_u64(5);
    let mut noticed = 0;
    for _ in 0..300 {
        let mut damaged = bytes.clone();
        let at = random.random_range(0..damaged.len());
        damaged[at] ^= 1 << random.random_range(0..8);
        noticed += u32::from(check_one_of(&answers, &file, &damaged).await < 12);
    }
    assert!(noticed > 0, "damage to what counts was never noticed");
}

#[tokio::test]
async fn what_is_deleted_leaves_no_byte_in_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    let index = InProcessTextIndex::in_folder(folder.path());
    let [kept, gone] = [(); 2].map(|()| RecordId::fresh());
    let secret = TextChange::Put {
        id: gone.clone(),
        facets: tagged("s", "xylophone"),
        at: 2,
        text: "w1".to_owned(),
    };
    let changes = vec![put(&kept, "s", 1, "w2"), secret];
    index.apply(&ada(), changes, 2).await.expect("apply");
    drop(index);
    let holds = |text: &str| {
        let bytes = std::fs::read(only_file(folder.path())).expect("read");
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("xylophone") && holds("boat"));
    let index = InProcessTextIndex::in_folder(folder.path());
    let changes = vec![TextChange::Delete(gone)];
    index.apply(&ada(), changes, 3).await.expect("apply");
    assert!(!holds("xylophone") && holds("boat"));
    drop(index);
    let index = InProcessTextIndex::in_folder(folder.path());
    assert_eq!(mark(&index).await, 3);
    assert_eq!(answer(&index).await.len(), 1);
}

#[tokio::test]
async fn a_file_does_not_grow_with_changes_of_the_same_records() {
    let folder = tempfile::tempdir().expect("folder");
    let index = InProcessTextIndex::in_folder(folder.path());
    let ids: Vec<RecordId> = (0..256).map(|_| RecordId::fresh()).collect();
    let text: Vec<String> = (0..100).map(|i| format!("w{i}")).collect();
    let mut largest = 0;
    for batch in 1..=60 {
        let change = |id| put(id, "s", batch, &text.join(" "));
        let changes = ids.iter().map(change).collect();
        index.apply(&ada(), changes, batch).await.expect("apply");
        let size = std::fs::metadata(only_file(folder.path())).expect("size");
        largest = largest.max(size.len());
    }
    assert!(largest < 6 << 20, "{largest} bytes");
    let expect = answer(&index).await;
    drop(index);
    let index = InProcessTextIndex::in_folder(folder.path());
    assert_eq!((mark(&index).await, answer(&index).await), (60, expect));
}

#[tokio::test]
async fn a_file_that_another_has_open_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let first = InProcessTextIndex::in_folder(folder.path());
    let change = || vec![put(&RecordId::fresh(), "s", 1, "w1")];
    for sequence in 1..=256 {
        first
            .apply(&ada(), change(), sequence)
            .await
            .expect("apply");
    }
    let second = InProcessTextIndex::in_folder(folder.path());
    assert_eq!(mark(&second).await, 0);
    for sequence in 1..=300 {
        second
            .apply(&ada(), change(), sequence)
            .await
            .expect("apply");
    }
    drop(second);
    drop(first);
    let third = InProcessTextIndex::in_folder(folder.path());
    assert_eq!(mark(&third).await, 256);
}

#[tokio::test]
async fn an_index_that_followed_another_log_starts_again() {
    let folder = tempfile::tempdir().expect("folder");
    let index = InProcessTextIndex::in_folder(folder.path());
    let id = RecordId::fresh();
    let changes = vec![put(&id, "s", 1, "w1")];
    index.apply(&ada(), changes, 7).await.expect("apply");
    index.confirm(&ada(), Some(&id)).await.expect("confirm");
    assert_eq!(mark(&index).await, 7);
    let other = RecordId::fresh();
    index.confirm(&ada(), Some(&other)).await.expect("confirm");
    assert_eq!((mark(&index).await, answer(&index).await), (0, Vec::new()));
}

#[tokio::test]
async fn vectors_come_back_for_the_embedder_that_made_them() {
    let folder = tempfile::tempdir().expect("folder");
    let ids: Vec<RecordId> = (0..300).map(|_| RecordId::fresh()).collect();
    let index = FlatIndex::in_folder(folder.path(), EMBEDDER);
    for (i, id) in (0_u16..).zip(&ids) {
        let angle = f32::from(i) / 300.0;
        let change = VectorChange::Put {
            id: id.clone(),
            facets: tagged("s", "boat"),
            vector: vec![angle.cos(), angle.sin()],
        };
        let mark = i64::from(i) + 1;
        index
            .apply(&ada(), vec![change], mark)
            .await
            .expect("apply");
    }
    let deleted = vec![VectorChange::Delete(ids[0].clone())];
    index.apply(&ada(), deleted, 301).await.expect("apply");
    let nearest = async |index: &FlatIndex| {
        let filter = Filter::default();
        let found = index.search(&ada(), &[1.0, 0.0], &filter, 20).await;
        found.expect("search")
    };
    let expect = nearest(&index).await;
    let best: Vec<_> = expect.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(best, ids[1..21]);
    drop(index);
    let index = FlatIndex::in_folder(folder.path(), EMBEDDER);
    assert_eq!(index.mark(&ada()).await.expect("mark"), 301);
    assert_eq!(nearest(&index).await, expect);
    drop(index);
    let index = FlatIndex::in_folder(folder.path(), "another");
    assert_eq!(index.mark(&ada()).await.expect("mark"), 0);
    assert_eq!(nearest(&index).await, []);
}
