//! The newest records of sessions in Redis or Redis Cluster.
//!
//! A user has one hash: the version, the change under way, and each session's records, a line of JSON
//! a record. Scripts read and change it as a whole. A node that fails over may lose the last of its
//! writes: a session's newest records are then late until its hash expires or the user writes again.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::{ErrorKind, FromRedisValue, RedisError, Script, ScriptInvocation};
use async_trait::async_trait;
use karen_redis::Connection;
pub use karen_redis::RedisConfig;
use sha2::{Digest, Sha256};

use super::{CHANGE_MAX, Lease, Recent, SESSIONS_MAX, TTL_DEFAULT, WorkingMemory};
use crate::{MemoryError, MemoryErrorKind, Record, Scope, SessionId};

/// Bytes of one session that are held at most.
const SESSION_BYTES_MAX: usize = 256 * 1024;

macro_rules! script {
    ($name:ident, $file:literal) => {
        static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));
    };
}

script!(RECENT, "recent.lua");
script!(FILL, "fill.lua");
script!(BEGIN, "begin.lua");
script!(END, "end.lua");

/// Working memory that instances share.
#[derive(Clone)]
pub struct RedisWorkingMemory {
    connection: Connection,
    namespace: String,
    ttl_ms: u64,
}

impl RedisWorkingMemory {
    /// Connects at the first call, and again whenever the connection is lost. A user whom nobody touches
    /// for an hour is let go.
    ///
    /// # Errors
    /// `Invalid` for an address that is none.
    pub fn new(config: &RedisConfig) -> Result<Self, MemoryError> {
        let connection = Connection::new(config).map_err(|error| failed("open", error))?;
        Ok(Self {
            connection,
            namespace: config.namespace.clone(),
            ttl_ms: millis(TTL_DEFAULT),
        })
    }

    /// The same, and a user whom nobody touches is let go after `ttl`.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        let ttl_ms = millis(ttl);
        Self { ttl_ms, ..self }
    }

    async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, MemoryError> {
        let answer = script.invoke_async(&mut self.connection.clone()).await;
        answer.map_err(|error| failed(operation, error))
    }

    /// One user's hash. Names may hold anything, so that a digest of them stands in the key.
    fn key(&self, scope: &Scope) -> String {
        let mut digest = Sha256::new();
        for name in [scope.tenant().as_str(), scope.user().as_str()] {
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
        }
        let digest = digest.finalize();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:recent:{hex}", self.namespace)
    }
}

#[async_trait]
impl WorkingMemory for RedisWorkingMemory {
    async fn recent(&self, scope: &Scope) -> Result<Recent, MemoryError> {
        let Some(session) = scope.session() else {
            return Ok(Recent::Unknown(None));
        };
        let mut script = RECENT.key(self.key(scope));
        script.arg(field(session)).arg(Lease::fresh().to_string());
        script.arg(self.ttl_ms);
        let (held, version): (Option<Vec<u8>>, Option<String>) = self.run("read", &script).await?;
        match held {
            Some(lines) => Ok(Recent::Held(records(&lines)?)),
            None => Ok(Recent::Unknown(version.map(|v| Lease(v.into())))),
        }
    }

    async fn fill(
        &self,
        scope: &Scope,
        lease: &Lease,
        newest: &[Record],
    ) -> Result<(), MemoryError> {
        let Some(session) = scope.session() else {
            return Ok(());
        };
        let lines = newest.iter().map(line).collect::<Result<String, _>>()?;
        if lines.len() > SESSION_BYTES_MAX {
            return Ok(());
        }
        let mut script = FILL.key(self.key(scope));
        script.arg(field(session)).arg(lease.to_string());
        script.arg(lines).arg(SESSIONS_MAX);
        self.run("fill", &script).await
    }

    async fn begin(&self, scope: &Scope) -> Result<Lease, MemoryError> {
        let lease = Lease::fresh();
        let mut script = BEGIN.key(self.key(scope));
        script.arg(lease.to_string());
        script.arg(millis(CHANGE_MAX)).arg(self.ttl_ms);
        self.run::<()>("begin", &script).await?;
        Ok(lease)
    }

    async fn end(
        &self,
        scope: &Scope,
        lease: Option<&Lease>,
        added: &[Record],
    ) -> Result<(), MemoryError> {
        let mut script: ScriptInvocation<'_> = END.key(self.key(scope));
        script.arg(lease.map_or_else(String::new, Lease::to_string));
        script.arg(SESSION_BYTES_MAX);
        for (field, lines) in by_session(added)? {
            script.arg(field).arg(lines);
        }
        self.run("end", &script).await
    }

    fn server(&self) -> Option<&'static str> {
        Some("redis")
    }

    async fn ping(&self) -> Result<(), MemoryError> {
        let ping = ::redis::cmd("PING");
        let answer = ping.exec_async(&mut self.connection.clone()).await;
        answer.map_err(|error| failed("ask", error))
    }
}

/// The prefix keeps sessions apart from the fields that scripts use.
fn field(session: &SessionId) -> String {
    format!("session:{session}")
}

/// Lines of the records of each session. Even a record of no session gives a field, which no hash
/// has: a change that added something is told from one that did not.
fn by_session(records: &[Record]) -> Result<BTreeMap<String, String>, MemoryError> {
    let mut sessions: BTreeMap<String, String> = BTreeMap::new();
    for record in records {
        let field = record.session.as_ref().map_or_else(String::new, field);
        *sessions.entry(field).or_default() += &line(record)?;
    }
    Ok(sessions)
}

fn line(record: &Record) -> Result<String, MemoryError> {
    let json = serde_json::to_string(record);
    json.map(|json| json + "\n").map_err(|error| {
        let subject = "a record as JSON";
        MemoryError::new(MemoryErrorKind::Internal, "write", subject).caused_by(error)
    })
}

fn records(lines: &[u8]) -> Result<Vec<Record>, MemoryError> {
    let records: Result<Vec<Record>, _> = serde_json::Deserializer::from_slice(lines)
        .into_iter()
        .collect();
    records.map_err(|error| {
        let subject = "records in working memory";
        MemoryError::new(MemoryErrorKind::Corrupt, "read", subject).caused_by(error)
    })
}

fn failed(operation: &'static str, error: RedisError) -> MemoryError {
    let kind = match error.kind() {
        ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed => {
            MemoryErrorKind::Invalid
        }
        _ => MemoryErrorKind::Unavailable,
    };
    MemoryError::new(kind, operation, "working memory in Redis").caused_by(error)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
