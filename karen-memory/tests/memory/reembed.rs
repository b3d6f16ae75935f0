//! Another embedder takes over while recalls go on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use karen_memory::testing::HashedWords;
use karen_memory::{Embedder, Memory, MemoryConfig, MemoryError, Scope, Turn};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::{config_in, recall, scope, texts, turn};

/// Notes of each user: more than a recall embeds by itself, and more than one batch.
const NOTES: usize = 600;
/// Entries of the log that are embedded at once.
const BATCH: usize = 512;
const OLD: &str = "an old model";
const NEW: &str = "a new model";
/// Stop words alone: what finds it does so by its meaning.
const MEANT: &str = "who are you and what is it";
const ASKED: &str = "what are you and who is it";

/// Hashes words into vectors of its own length; counts what it embeds, and embeds no more batches of notes than it
/// is let.
struct Model {
    id: &'static str,
    dim: usize,
    notes: AtomicUsize,
    asked: AtomicUsize,
    begun: AtomicUsize,
    batches: Semaphore,
}

impl Model {
    fn new(id: &'static str, dim: usize, batches: usize) -> Arc<Self> {
        Arc::new(Self {
            id,
            dim,
            notes: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            batches: Semaphore::new(batches),
        })
    }

    fn notes(&self) -> usize {
        self.notes.load(Ordering::SeqCst)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Embedder for Model {
    fn id(&self) -> &str {
        self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, MemoryError> {
        // Of a note it is told who said it.
        if texts.iter().any(|text| text.starts_with("user: ")) {
            self.begun.fetch_add(1, Ordering::SeqCst);
            self.batches
                .acquire()
                .await
                .expect("it stays open")
                .forget();
            self.notes.fetch_add(texts.len(), Ordering::SeqCst);
        }
        let asked = texts.iter().filter(|text| *text == ASKED).count();
        self.asked.fetch_add(asked, Ordering::SeqCst);
        let shorten = |row: Vec<f32>| {
            let mut short = vec![0.0; self.dim];
            row.iter()
                .enumerate()
                .for_each(|(i, v)| short[i % self.dim] += v);
            let length = short.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-9);
            short.iter().map(|v| v / length).collect()
        };
        let rows = HashedWords.embed(texts).await?;
        Ok(rows.into_iter().map(shorten).collect())
    }
}

async fn open(folder: &Path, embedder: &Arc<Model>, former: &[Arc<Model>]) -> Memory {
    let port = |model: &Arc<Model>| Arc::clone(model) as Arc<dyn Embedder>;
    let config = MemoryConfig {
        embedder: Some(port(embedder)),
        former_embedders: former.iter().map(port).collect(),
        ..config_in(folder).await
    };
    Memory::open(config).await.expect("memory")
}

/// Begins to embed anew, and comes back when one batch is done and a second is not let.
async fn begin(memory: &Memory, model: &Model) -> JoinHandle<Result<(), MemoryError>> {
    let memory = memory.clone();
    let reembedding = tokio::spawn(async move { memory.reembed().await });
    while model.begun.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    reembedding
}

fn users() -> Vec<Scope> {
    ["ada", "bob"].map(|user| scope("default", user)).to_vec()
}

/// Two users with many notes, embedded by an old model; its files are left behind.
async fn embedded_before(folder: &Path) -> Arc<Model> {
    let old = Model::new(OLD, 256, 1_000);
    let memory = open(folder, &old, &[]).await;
    for user in users() {
        let note = |i: usize| turn(&format!("note {i}"), "user", &format!("boat {i}"), i as i64);
        let mut notes: Vec<Turn> = (1..NOTES).map(note).collect();
        notes.push(turn("meant", "user", MEANT, 0));
        memory.ingest(&user, notes).await.expect("ingest");
        asks(&memory, &user).await;
    }
    assert!(
        memory.reembedding().is_none(),
        "the first embedder is the one in use"
    );
    memory.close().await;
    old
}

/// Finds by meaning what no word tells, and whatever was kept a moment ago.
async fn asks(memory: &Memory, user: &Scope) {
    let found = recall(memory, user, ASKED).await;
    assert!(found.missing.is_empty(), "by meaning too");
    assert!(texts(&found).contains(&MEANT));
    let why = &found.items[0].why;
    assert!(
        why.cosine.expect("compared") > 0.9,
        "with vectors of one model"
    );
}

fn files(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder.join("indexes")).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name());
    names
        .filter(|name| name.to_string_lossy().ends_with(".vectors"))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recalls_go_on_by_meaning_while_everybody_is_embedded_anew() {
    let folder = tempfile::tempdir().expect("folder");
    let old = embedded_before(folder.path()).await;
    let (asked, noted) = (old.asked(), old.notes());
    let new = Model::new(NEW, 64, 1);
    let memory = open(folder.path(), &new, std::slice::from_ref(&old)).await;
    let reembedding = begin(&memory, &new).await;
    assert_eq!(new.notes(), BATCH);
    for user in users() {
        let said = turn("late", "user", "The harbour is blue.", 9);
        memory.ingest(&user, vec![said]).await.expect("ingest");
        let found = recall(&memory, &user, "harbour").await;
        assert_eq!(texts(&found)[0], "The harbour is blue.", "at once");
        assert!(found.items[0].why.cosine.is_some(), "by meaning too");
        asks(&memory, &user).await;
    }
    assert_eq!(
        (old.asked(), new.asked()),
        (asked + 2, 0),
        "the old one answers"
    );
    assert_eq!(old.notes() - noted, 2, "what was said since");
    let progress = memory.reembedding().expect("under way");
    assert_eq!(
        (progress.from.as_deref(), progress.to.as_str()),
        (Some(OLD), NEW)
    );
    assert_eq!(progress.users_done, 0);

    new.batches.add_permits(1_000);
    reembedding.await.expect("no panic").expect("reembed");
    for user in users() {
        asks(&memory, &user).await;
    }
    assert_eq!(
        (old.asked(), new.asked()),
        (asked + 2, 2),
        "the new one answers"
    );
    assert!(memory.reembedding().is_none());
    memory.close().await;
    assert_eq!(
        files(folder.path()),
        users().len(),
        "the old vectors are gone"
    );

    drop(memory);
    let (again, noted) = (open(folder.path(), &new, &[]).await, new.notes());
    for user in users() {
        asks(&again, &user).await;
    }
    assert_eq!(new.notes(), noted, "nothing is embedded twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_asks_meanwhile_finds_everything() {
    let folder = tempfile::tempdir().expect("folder");
    let old = embedded_before(folder.path()).await;
    let new = Model::new(NEW, 64, 1_000);
    let memory = open(folder.path(), &new, &[old]).await;
    let asking = users().into_iter().map(|user| {
        let memory = memory.clone();
        tokio::spawn(async move {
            let mut asked = 0;
            while memory.reembedding().is_some() || asked < 3 {
                asks(&memory, &user).await;
                asked += 1;
            }
        })
    });
    let asking: Vec<_> = asking.collect();
    memory.reembed().await.expect("reembed");
    for asked in asking {
        asked.await.expect("every answer was whole");
    }
}

#[tokio::test]
async fn what_was_cut_short_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().expect("folder");
    let old = embedded_before(folder.path()).await;
    let dies = Model::new(NEW, 64, 1);
    let memory = open(folder.path(), &dies, std::slice::from_ref(&old)).await;
    let reembedding = begin(&memory, &dies).await;
    reembedding.abort();
    assert!(reembedding.await.expect_err("cut short").is_cancelled());
    // As after a kill: nothing is closed, and what the files do not have is lost.
    std::mem::forget(memory);
    let copy = tempfile::tempdir().expect("folder");
    copy_files(folder.path(), copy.path());

    let new = Model::new(NEW, 64, 1_000);
    let memory = open(copy.path(), &new, &[old]).await;
    asks(&memory, &users()[0]).await;
    memory.reembed().await.expect("reembed");
    for user in users() {
        asks(&memory, &user).await;
    }
    let all = users().len() * NOTES;
    assert_eq!(
        dies.notes() + new.notes(),
        all,
        "each note is embedded once"
    );
}

/// Files of a process that is gone hold no locks.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy_files(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).expect("a copy")),
        }
    }
}

#[tokio::test]
async fn a_change_that_is_given_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("folder");
    let old = embedded_before(folder.path()).await;
    let tried = Model::new(NEW, 64, 1);
    let memory = open(folder.path(), &tried, std::slice::from_ref(&old)).await;
    let reembedding = begin(&memory, &tried).await;
    reembedding.abort();
    assert!(reembedding.await.expect_err("given up").is_cancelled());
    memory.close().await;
    drop(memory);
    assert_eq!(
        files(folder.path()),
        users().len() + 1,
        "some of them are new"
    );
    let noted = old.notes();
    let memory = open(folder.path(), &old, &[tried]).await;
    for user in users() {
        asks(&memory, &user).await;
    }
    assert_eq!(old.notes(), noted, "its vectors were there all the time");
    memory.reembed().await.expect("reembed");
    memory.close().await;
    assert_eq!(files(folder.path()), users().len());
}
