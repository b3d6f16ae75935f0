//! Rows in Parquet files of a folder that instances share.
//!
//! A user has a folder, named after hashes, with files of memories and a file of counts for each run of an
//! instance. A file of memories holds what changed from one mark to another, which are its name: a batch adds a
//! file, and takes in those before it that are not much larger (a log-structured merge, O'Neil et al. 1996), so
//! that each row is written a few times over however many batches there are. Where a row goes, all files become
//! one without it. Files are written beside and then renamed, so a reader finds whole ones; those count that
//! lead from the highest mark down to nothing.

mod parts;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use parts::Part;

use super::{
    MEMORIES, RECALLS, blocking, failed_io, in_memory, question, quoted, run, seen, stage,
};
use crate::analytics::{Analytics, Answer, Batch, Breadth, Mark, RecallCount};
use crate::{MemoryError, Scope, TenantId, UserId};

/// How often files are looked for anew that another instance replaced meanwhile.
const LOOKS: u32 = 5;
const SUM: &str = "user_id, hour, CAST(sum(recalls) AS BIGINT) AS recalls,
    CAST(sum(hits) AS BIGINT) AS hits, CAST(sum(items) AS BIGINT) AS items,
    CAST(sum(partial) AS BIGINT) AS partial";

/// Rows in Parquet files of a folder that any number of instances share: a user's files are written by one
/// instance at a time.
#[derive(Clone, Debug)]
pub struct ParquetFolder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Names the counts of this run: nobody else writes them.
    run: String,
    /// Held while they are written.
    counting: Mutex<()>,
}

impl ParquetFolder {
    /// The folder is made when it is first needed.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let shared = Shared {
            root: root.into(),
            run: Uuid::now_v7().simple().to_string(),
            counting: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || work(&shared)).await
    }
}

#[async_trait]
impl Analytics for ParquetFolder {
    fn is_shared(&self) -> bool {
        true
    }

    async fn marks(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<Mark>, MemoryError> {
        let tenant = tenant.clone();
        let users = users.to_vec();
        self.with(move |shared| {
            let mark = |user: &UserId| {
                let parts = parts::of(&shared.user(&tenant, user))?;
                Ok(parts.last().map(|part| part.mark).unwrap_or_default())
            };
            users.iter().map(mark).collect()
        })
        .await
    }

    async fn apply(&self, batches: Vec<Batch>) -> Result<(), MemoryError> {
        self.with(move |shared| batches.iter().try_for_each(|batch| shared.apply(batch)))
            .await
    }

    async fn count(&self, recalls: Vec<RecallCount>) -> Result<(), MemoryError> {
        self.with(move |shared| {
            let _alone = shared
                .counting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let mut recalls = recalls;
            recalls.sort_by(|a, b| key(&a.scope).cmp(&key(&b.scope)));
            let mut of_users = recalls.chunk_by(|a, b| a.scope == b.scope);
            of_users.try_for_each(|counts| shared.count(counts))
        })
        .await
    }

    async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        let scope = scope.clone();
        let copied = self
            .with(move |shared| shared.copy(&scope, breadth))
            .await?;
        question::ask(copied, question).await
    }

    async fn forget(&self, scope: &Scope) -> Result<(), MemoryError> {
        let scope = scope.clone();
        self.with(move |shared| remove(&shared.user(scope.tenant(), scope.user())))
            .await
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.with(|shared| remove(&shared.root)).await
    }
}

impl Shared {
    fn tenant(&self, tenant: &TenantId) -> PathBuf {
        self.root.join(hashed(tenant.as_str()))
    }

    fn user(&self, tenant: &TenantId, user: &UserId) -> PathBuf {
        self.tenant(tenant).join(hashed(user.as_str()))
    }

    fn apply(&self, batch: &Batch) -> Result<(), MemoryError> {
        let folder = self.user(batch.scope.tenant(), batch.scope.user());
        let connection = in_memory()?;
        stage::changes(&connection, std::slice::from_ref(batch))?;
        let kept = parts::of(&folder)?;
        let taken = parts::taken(&kept, batch)?;
        let unchanged = match taken {
            [] => String::new(),
            _ => format!(
                "UNION ALL {} WHERE id NOT IN (SELECT id FROM changed)",
                latest(taken.iter().map(|part| &part.path))
            ),
        };
        let since = match taken {
            [] => kept.last().map_or(0, |last| last.mark.sequence),
            [first, ..] => first.since,
        };
        let name = Part::name(since, batch.mark);
        let rows = format!(
            "CREATE TEMP TABLE memories ({MEMORIES}); INSERT INTO memories {} {unchanged}",
            stage::PUT
        );
        run(&connection, "apply", &rows)?;
        write(&connection, "FROM memories", &folder, &name)?;
        parts::remove_others(&folder, &name, since)
    }

    /// Adds to what this run has counted of one user.
    fn count(&self, counts: &[RecallCount]) -> Result<(), MemoryError> {
        let Some(RecallCount { scope, .. }) = counts.first() else {
            return Ok(());
        };
        let folder = self.user(scope.tenant(), scope.user());
        let name = format!("recalls-{}.parquet", self.run);
        let connection = in_memory()?;
        stage::counts(&connection, counts)?;
        let file = folder.join(&name);
        if file.exists() {
            let path = quoted(&file.to_string_lossy());
            let earlier = format!("INSERT INTO counted SELECT * FROM read_parquet({path})");
            run(&connection, "count", &earlier)?;
        }
        let sums = format!("SELECT tenant, {SUM} FROM counted GROUP BY tenant, user_id, hour");
        write(&connection, &sums, &folder, &name)
    }

    /// A database with the rows that a question sees.
    fn copy(&self, scope: &Scope, breadth: Breadth) -> Result<duckdb::Connection, MemoryError> {
        let seen = seen(scope, breadth);
        let mut looks = 1;
        loop {
            let folders = match breadth {
                Breadth::User => vec![self.user(scope.tenant(), scope.user())],
                Breadth::Tenant => entries(&self.tenant(scope.tenant()))?,
            };
            match copy(&folders, &seen) {
                Err(_) if looks < LOOKS => looks += 1,
                copied => return copied,
            }
        }
    }
}

fn copy(folders: &[PathBuf], seen: &str) -> Result<duckdb::Connection, MemoryError> {
    let (mut memories, mut recalls) = (Vec::new(), Vec::new());
    for folder in folders {
        memories.extend(parts::of(folder)?.into_iter().map(|part| part.path));
        let files = entries(folder)?.into_iter();
        recalls.extend(files.filter(|path| named(path).starts_with("recalls-")));
    }
    let connection = in_memory()?;
    let copy = format!(
        "CREATE TEMP TABLE kept_memories ({MEMORIES});
         CREATE TEMP TABLE kept_recalls ({RECALLS});
         {} {}
         CREATE TABLE memories AS SELECT * EXCLUDE tenant FROM kept_memories WHERE {seen};
         CREATE TABLE recalls AS SELECT {SUM} FROM kept_recalls WHERE {seen} GROUP BY user_id, hour;
         DROP TABLE kept_memories; DROP TABLE kept_recalls",
        fill("kept_memories", &memories, &latest(&memories)),
        fill("kept_recalls", &recalls, &all(&recalls)),
    );
    run(&connection, "read", &copy)?;
    Ok(connection)
}

/// Fills a table from files, if there are any.
fn fill(table: &str, files: &[PathBuf], rows: &str) -> String {
    match files {
        [] => String::new(),
        _ => format!("INSERT INTO {table} {rows};"),
    }
}

/// The rows of files.
fn all(files: &[PathBuf]) -> String {
    format!("SELECT * FROM read_parquet([{}])", list(files))
}

/// The rows of files of memories, each as the last of its user's files has it.
fn latest<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> String {
    format!(
        "SELECT * EXCLUDE filename FROM (
             SELECT * FROM read_parquet([{}], filename = true) QUALIFY 1 = row_number()
             OVER (PARTITION BY tenant, user_id, id ORDER BY filename DESC))",
        list(files)
    )
}

fn list<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> String {
    let files = files
        .into_iter()
        .map(|file| quoted(&file.to_string_lossy()));
    files.collect::<Vec<_>>().join(", ")
}

/// Writes the rows of a query to a file, which is there whole or not at all.
fn write(
    connection: &duckdb::Connection,
    query: &str,
    folder: &Path,
    name: &str,
) -> Result<(), MemoryError> {
    let of = |e| failed_io("write", e);
    fs::create_dir_all(folder).map_err(of)?;
    let beside = folder.join(format!("{}.tmp", Uuid::now_v7().simple()));
    let path = quoted(&beside.to_string_lossy());
    run(
        connection,
        "write",
        &format!("COPY ({query}) TO {path} (FORMAT parquet)"),
    )?;
    let written = fs::File::open(&beside).and_then(|file| file.sync_all());
    written
        .and_then(|()| fs::rename(&beside, folder.join(name)))
        .map_err(of)
}

fn named(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// What is in a folder; nothing, if there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, MemoryError> {
    let of = |e| failed_io("read", e);
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(of(error)),
        Ok(entries) => {
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            paths.collect::<Result<_, _>>().map_err(of)
        }
    }
}

fn remove(folder: &Path) -> Result<(), MemoryError> {
    unless_gone(fs::remove_dir_all(folder))
}

fn unless_gone(removed: std::io::Result<()>) -> Result<(), MemoryError> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed_io("remove", error)),
        _ => Ok(()),
    }
}

fn key(scope: &Scope) -> (&str, &str) {
    (scope.tenant().as_str(), scope.user().as_str())
}

/// Names may hold anything; a hash is a name of a folder everywhere.
fn hashed(name: &str) -> String {
    let digest = Sha256::digest(name);
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
