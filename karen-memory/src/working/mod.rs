//! L1: the port that keeps the newest records of sessions at hand.

mod in_process;
#[cfg(feature = "redis")]
mod redis;
mod write_through;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use in_process::InProcessWorkingMemory;
#[cfg(feature = "redis")]
pub use redis::{RedisConfig, RedisWorkingMemory};
pub(crate) use write_through::WriteThrough;

use crate::{MemoryError, Record, Scope};

/// How long what nobody touches is kept, unless configured.
pub(crate) const TTL_DEFAULT: Duration = Duration::from_secs(60 * 60);
/// How long a change may take before it counts as given up: longer than a database is waited for.
const CHANGE_MAX: Duration = Duration::from_secs(60);
/// Records of one session that are kept at least, once they are known.
pub(crate) const RECENT_MAX: u32 = 50;
/// Records of one session that are kept at most; one that grows past it is forgotten, and filled again.
const HELD_MAX: usize = 4 * RECENT_MAX as usize;
/// Sessions of one user that are kept at most.
const SESSIONS_MAX: usize = 32;

/// Keeps the newest records of sessions, so that a conversation goes on without asking the truth.
///
/// It is the cache with leases of "Scaling Memcache at Facebook" (Nishtala and others 2013), with
/// writes passed through: what changes the truth says so before and after, and what was read in
/// between is not kept.
///
/// # Contract
/// - It may lose everything at any time, and loses what nobody touched for its time to live.
/// - While a change of a user's records is under way, nothing of that user is held. A change that
///   does not end counts as given up in a minute, and costs what was held.
/// - What was read from the truth under a [`Lease`] is kept only if no change began since it was
///   given.
/// - Changes that overlap cost what was held; alone, one that adds records leaves it extended by them.
/// - No byte of a user's records is kept when a change that added nothing has ended.
#[async_trait]
pub trait WorkingMemory: Send + Sync {
    /// What is held of the scope's session, in no particular order; of a scope without a session,
    /// nothing ever.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn recent(&self, scope: &Scope) -> Result<Recent, MemoryError>;

    /// Keeps the newest records of the scope's session, read after `lease` was given.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn fill(
        &self,
        scope: &Scope,
        lease: &Lease,
        newest: &[Record],
    ) -> Result<(), MemoryError>;

    /// Announces a change of the user's records, in whatever session.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn begin(&self, scope: &Scope) -> Result<Lease, MemoryError>;

    /// The change that `lease` was given for is made: it added these records and changed no other.
    /// Without a lease, or with no records, nothing of the user is held any more.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn end(
        &self,
        scope: &Scope,
        lease: Option<&Lease>,
        added: &[Record],
    ) -> Result<(), MemoryError>;

    /// The server that keeps it, where instances share one.
    fn server(&self) -> Option<&'static str> {
        None
    }

    /// Finds out whether the server answers.
    ///
    /// # Errors
    /// `Unavailable`, `Invalid` when it does not let us in.
    async fn ping(&self) -> Result<(), MemoryError> {
        Ok(())
    }
}

/// What working memory knows of a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Recent {
    /// Its newest records: fifty at least, or all.
    Held(Vec<Record>),
    /// Nothing; what is read from the truth may be kept under the lease, if there is one.
    Unknown(Option<Lease>),
}

/// A state of a user's records; no two are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease(Arc<str>);

impl Lease {
    pub(crate) fn fresh() -> Self {
        Self(Uuid::now_v7().simple().to_string().into())
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
