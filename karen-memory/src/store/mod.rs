//! L2, the truth: the port that keeps records and the log of their changes.

mod embedder;
mod link;
mod revision;
mod schema;
mod sql;

use std::any::Any;
use std::fmt;

use async_trait::async_trait;

pub use embedder::KnownEmbedder;
pub use link::{Link, Relation};
pub use revision::{ChangeKind, Edit, Revision, Version};
pub use sql::SqlRecordStore;

use crate::{
    Consent, Exported, Imported, MemoryError, Page, Record, RecordId, RecordPage, Remembered,
    Retention, Scope, Stats, TenantId, UserId,
};

/// Keeps records durably, each in one scope.
///
/// # Contract
/// - A call sees and changes records of its scope only, whatever ids it names.
/// - A write that returned is on disk, and every later read on every instance sees it; one that
///   failed changed nothing.
/// - Each user of a tenant has a log: every change of a record adds an entry with a higher sequence,
///   and no entry becomes visible after a higher one did. Sequences start above 0.
/// - What is deleted leaves no byte of its text in the store, nor does any earlier version of it.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Adds records that are not there, all or none; answers in their order.
    ///
    /// A record with the [`identity`](Record::identity) of one that is there is not stored again.
    /// Neither is a turn whose source was deleted: it answers with the id it had. Nothing is stored
    /// of who asked not to be remembered, nor of a session that is not to be.
    ///
    /// A fact that claims something of a subject that has one value at a time retires the open facts
    /// that claimed another from an earlier time; where nothing tells which is the later, both stay
    /// and are linked as conflicting.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn append(
        &self,
        scope: &Scope,
        records: Vec<Record>,
    ) -> Result<Vec<Remembered>, MemoryError>;

    /// Those of the records that exist in the scope, in no particular order.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn get(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError>;

    /// A page of the scope, newest first. Records come as they are, also when an earlier state of
    /// memory is asked for.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to [`Page::LIMIT_MAX`].
    async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError>;

    /// For each of the records that changed after unix millisecond `known`, what it was then; the
    /// others are left out.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn as_known(
        &self,
        scope: &Scope,
        ids: &[RecordId],
        known: i64,
    ) -> Result<Vec<Record>, MemoryError>;

    /// The standing instructions that are a present memory at `now`, oldest first: those of no
    /// session, and with a session in the scope those of it too.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn instructions(&self, scope: &Scope, now: i64) -> Result<Vec<Record>, MemoryError>;

    /// How many records the scope has.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn count(&self, scope: &Scope) -> Result<u64, MemoryError>;

    /// How many of each sort; present are those that are so at `now`.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn stats(&self, scope: &Scope, now: i64) -> Result<Stats, MemoryError>;

    /// Changes a record at unix millisecond `now` and keeps what it was; gives what it has become, or
    /// `None` if there is none.
    ///
    /// # Errors
    /// `Invalid` when it would have the [`identity`](Record::identity) of another, `Full`,
    /// `ReadOnly`, `Unavailable`.
    async fn revise(
        &self,
        scope: &Scope,
        id: &RecordId,
        revision: &Revision,
        now: i64,
    ) -> Result<Option<Record>, MemoryError>;

    /// What a record was before each of its changes, oldest first.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn history(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Version>, MemoryError>;

    /// The links from and to a record, in order.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn links(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Link>, MemoryError>;

    /// Whether the scope's session, or without one everything, may be remembered.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn consent(&self, scope: &Scope) -> Result<Consent, MemoryError>;

    /// Decides whether it may be from now on.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn set_consent(&self, scope: &Scope, consent: Consent) -> Result<(), MemoryError>;

    /// Adds links; those that are there stay.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn link(&self, scope: &Scope, links: &[Link]) -> Result<(), MemoryError>;

    /// Adds what another store gave, as it is, all or nothing. Records whose id or
    /// [`identity`](Record::identity) is there stay as they are.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn import(&self, scope: &Scope, exported: Vec<Exported>)
    -> Result<Imported, MemoryError>;

    /// How long the records of the scope's user are kept.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn retention(&self, scope: &Scope) -> Result<Retention, MemoryError>;

    /// Decides how long they are.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn set_retention(&self, scope: &Scope, retention: Retention) -> Result<(), MemoryError>;

    /// The sequence of the log up to which a job of the scope's user has come; 0 for nothing.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn job_mark(&self, scope: &Scope, job: &str) -> Result<i64, MemoryError>;

    /// Notes how far it has come.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn set_job_mark(&self, scope: &Scope, job: &str, mark: i64) -> Result<(), MemoryError>;

    /// Deletes a record; `false` if there was none.
    ///
    /// # Errors
    /// `ReadOnly`; `Unavailable`, after which deleting again erases what may be left of its bytes.
    async fn delete(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError>;

    /// Deletes every record of the scope; gives how many that were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    async fn delete_all(&self, scope: &Scope) -> Result<u64, MemoryError>;

    /// Deletes everything of the scope's user, in every session: records, their versions and links,
    /// the names of forgotten turns, decisions and settings. The log stays, which holds ids alone.
    /// Gives how many records that were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    async fn erase(&self, scope: &Scope) -> Result<u64, MemoryError>;

    /// The users of a tenant of whom anything is or was kept, ordered by id. It is how a tenant is
    /// carried elsewhere or erased, user by user.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn users(&self, tenant: &TenantId) -> Result<Vec<UserId>, MemoryError>;

    /// How many bytes the words of all records of a tenant take: texts and captions, as UTF-8. It looks
    /// at every record.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn bytes(&self, tenant: &TenantId) -> Result<u64, MemoryError>;

    /// How far the log of each user of a tenant has come, ordered by user: the sequence of its last entry.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn heads(&self, tenant: &TenantId) -> Result<Vec<(UserId, i64)>, MemoryError>;

    /// What changed after sequence `after` for the scope's user, in every session; oldest first,
    /// `limit` entries at most. An empty answer means that there is nothing more.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn log_after(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, MemoryError>;

    /// The sequence of the last entry of the user's log; 0 for none.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn head(&self, scope: &Scope) -> Result<i64, MemoryError>;

    /// Users of all tenants whose logs have entries, ordered by tenant and user; those after `after`,
    /// `limit` at most. It is for work that is done for everybody, and gives nobody's records away.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn everybody(&self, after: Option<&Scope>, limit: u32)
    -> Result<Vec<Scope>, MemoryError>;

    /// The embedders that vectors were made with.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn embedders(&self) -> Result<Vec<KnownEmbedder>, MemoryError>;

    /// Notes that vectors are made with an embedder. One that is known stays as it is.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn note_embedder(&self, embedder: &KnownEmbedder) -> Result<(), MemoryError>;

    /// Notes that everybody's vectors are of an embedder that is known, and forgets the others.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    async fn settle_embedder(&self, id: &str) -> Result<(), MemoryError>;

    /// Waits until no other instance projects the user's log into the index, which they share, and
    /// keeps it so until the turn is dropped, or this program ends.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn projector_turn(
        &self,
        scope: &Scope,
        index: &str,
    ) -> Result<ProjectorTurn, MemoryError>;
}

/// The right to project one user's log, for as long as it is held.
pub struct ProjectorTurn {
    _held: Box<dyn Any + Send>,
}

impl ProjectorTurn {
    /// Gives it back by dropping `held`.
    pub fn new(held: impl Any + Send) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

impl fmt::Debug for ProjectorTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectorTurn").finish_non_exhaustive()
    }
}

/// A change of one record, told as what is true of it at the time of reading.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Its place in the user's log.
    pub sequence: i64,
    /// What the record has become.
    pub change: Change,
}

/// What a record has become.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "most entries are records, and a box for each would cost more than it saves"
)]
pub enum Change {
    /// It exists, like this.
    Put(Record),
    /// It is gone.
    Delete(RecordId),
}
