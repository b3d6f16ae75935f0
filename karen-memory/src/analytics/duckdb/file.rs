//! Rows in one DuckDB file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use duckdb::{Connection, params};

use super::{
    MEMORIES, RECALLS, blocking, failed, failed_io, in_memory, question, quoted, run, seen, stage,
};
use crate::analytics::{Analytics, Answer, Batch, Breadth, Mark, RecallCount};
use crate::{MemoryError, MemoryErrorKind, Scope, TenantId, UserId};

/// Counts up when the tables change: a file of another version is made anew.
const VERSION: i64 = 1;

/// Rows in a DuckDB file that this process alone uses. It is made when it is first needed; one that
/// DuckDB cannot read is made anew from the log.
#[derive(Clone, Debug)]
pub struct DuckDbFile {
    /// Held while the file is open: DuckDB opens one once.
    path: Arc<Mutex<PathBuf>>,
}

impl DuckDbFile {
    /// Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: Arc::new(Mutex::new(path.into())),
        }
    }

    /// Lets `work` use a connection to which the file is attached as `kept`.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        let path = Arc::clone(&self.path);
        blocking(move || {
            let path = path.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = attach(&path)?;
            let done = work(&connection);
            // Writes what is in DuckDB's log into the file.
            run(&connection, "close", "DETACH kept")?;
            done
        })
        .await
    }
}

fn attach(path: &Path) -> Result<Connection, MemoryError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed_io("open", e))?;
    }
    match try_attach(path) {
        Err(error) if error.kind() == MemoryErrorKind::Corrupt => {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(error = cause, "analytics are made anew");
            remove(path)?;
            try_attach(path)
        }
        attached => attached,
    }
}

fn try_attach(path: &Path) -> Result<Connection, MemoryError> {
    let connection = in_memory()?;
    let attach = format!("ATTACH {} AS kept", quoted(&path.to_string_lossy()));
    connection.execute_batch(&attach).map_err(unreadable)?;
    let tables = format!(
        "CREATE TABLE IF NOT EXISTS kept.memories ({MEMORIES});
         CREATE TABLE IF NOT EXISTS kept.recalls ({RECALLS});
         CREATE TABLE IF NOT EXISTS kept.marks (
             tenant TEXT, user_id TEXT, sequence BIGINT, fingerprint UBIGINT);
         CREATE TABLE IF NOT EXISTS kept.version AS SELECT {VERSION} AS version"
    );
    run(&connection, "open", &tables)?;
    let version = "SELECT version FROM kept.version";
    let version: i64 = connection
        .query_row(version, [], |row| row.get(0))
        .map_err(|e| failed("open", e))?;
    match version == VERSION {
        true => Ok(connection),
        false => {
            let subject = format!("analytics of version {version}");
            Err(MemoryError::new(MemoryErrorKind::Corrupt, "open", subject))
        }
    }
}

/// What DuckDB says of a file that is none, or of another format.
fn unreadable(error: duckdb::Error) -> MemoryError {
    let text = error.to_string();
    let is_unreadable = ["not a valid DuckDB", "database file", "checksum", "Corrupt"];
    match is_unreadable.iter().any(|sign| text.contains(sign)) {
        true => MemoryError::new(MemoryErrorKind::Corrupt, "open", "analytics").caused_by(error),
        false => failed("open", error),
    }
}

/// The file, and DuckDB's log beside it.
fn remove(path: &Path) -> Result<(), MemoryError> {
    let mut log = path.to_path_buf().into_os_string();
    log.push(".wal");
    for file in [path.to_path_buf(), PathBuf::from(log)] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed_io("clear", error));
            }
            _ => {}
        }
    }
    Ok(())
}

#[async_trait]
impl Analytics for DuckDbFile {
    fn is_shared(&self) -> bool {
        false
    }

    async fn marks(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<Mark>, MemoryError> {
        let (tenant, users) = (tenant.clone(), users.to_vec());
        self.with(move |connection| {
            marks(connection, &tenant, &users).map_err(|e| failed("read", e))
        })
        .await
    }

    async fn apply(&self, batches: Vec<Batch>) -> Result<(), MemoryError> {
        self.with(move |connection| {
            stage::changes(connection, &batches)?;
            run(connection, "apply", "BEGIN")?;
            let put = format!(
                "DELETE FROM kept.memories USING changed
                 WHERE memories.tenant = changed.tenant AND memories.user_id = changed.user_id
                   AND memories.id = changed.id;
                 INSERT INTO kept.memories {}",
                stage::PUT
            );
            run(connection, "apply", &put)?;
            move_marks(connection, &batches).map_err(|e| failed("apply", e))?;
            run(connection, "apply", "COMMIT")
        })
        .await
    }

    async fn count(&self, recalls: Vec<RecallCount>) -> Result<(), MemoryError> {
        self.with(move |connection| {
            stage::counts(connection, &recalls)?;
            let add = "INSERT INTO kept.recalls SELECT * FROM counted";
            run(connection, "count", add)
        })
        .await
    }

    async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        let seen = seen(scope, breadth);
        let path = Arc::clone(&self.path);
        let copied = blocking(move || {
            let path = path.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = attach(&path)?;
            let copy = format!(
                "CREATE TABLE memories AS SELECT * EXCLUDE tenant FROM kept.memories WHERE {seen};
                 CREATE TABLE recalls AS SELECT user_id, hour,
                     CAST(sum(recalls) AS BIGINT) AS recalls, CAST(sum(hits) AS BIGINT) AS hits,
                     CAST(sum(items) AS BIGINT) AS items, CAST(sum(partial) AS BIGINT) AS partial
                 FROM kept.recalls WHERE {seen} GROUP BY user_id, hour;
                 DETACH kept"
            );
            run(&connection, "read", &copy)?;
            Ok(connection)
        })
        .await?;
        question::ask(copied, question).await
    }

    async fn forget(&self, scope: &Scope) -> Result<(), MemoryError> {
        let of = seen(scope, Breadth::User);
        self.with(move |connection| {
            let forget = format!(
                "BEGIN; DELETE FROM kept.memories WHERE {of}; DELETE FROM kept.recalls WHERE {of};
                 DELETE FROM kept.marks WHERE {of}; COMMIT"
            );
            run(connection, "forget", &forget)
        })
        .await
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        let path = Arc::clone(&self.path);
        blocking(move || remove(&path.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

fn marks(
    connection: &Connection,
    tenant: &TenantId,
    users: &[UserId],
) -> duckdb::Result<Vec<Mark>> {
    let mut statement = connection
        .prepare("SELECT user_id, sequence, fingerprint FROM kept.marks WHERE tenant = ?")?;
    let kept = statement.query_map([tenant.as_str()], |row| {
        let mark = Mark {
            sequence: row.get(1)?,
            fingerprint: row.get(2)?,
        };
        Ok((row.get::<_, String>(0)?, mark))
    })?;
    let kept: std::collections::HashMap<String, Mark> = kept.collect::<duckdb::Result<_>>()?;
    let mark = |user: &UserId| kept.get(user.as_str()).copied().unwrap_or_default();
    Ok(users.iter().map(mark).collect())
}

fn move_marks(connection: &Connection, batches: &[Batch]) -> duckdb::Result<()> {
    let mut delete =
        connection.prepare("DELETE FROM kept.marks WHERE tenant = ? AND user_id = ?")?;
    let mut insert = connection.prepare("INSERT INTO kept.marks VALUES (?, ?, ?, ?)")?;
    for Batch { scope, mark, .. } in batches {
        let (tenant, user) = (scope.tenant().as_str(), scope.user().as_str());
        delete.execute([tenant, user])?;
        insert.execute(params![tenant, user, mark.sequence, mark.fingerprint])?;
    }
    Ok(())
}
