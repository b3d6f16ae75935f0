//! Looking at what is remembered.

use std::future::IntoFuture;

use futures::future::{BoxFuture, FutureExt};
use karen_auth::Permission;
use karen_memory::{Page, Query, Record, RecordId, RecordPage};

use super::Session;
use crate::event::EventKind;
use crate::recollection::recalled_item;
use crate::turn::RecalledItem;
use crate::{Code, Error, Result};

/// Results of a recall when no limit is given.
const RECALL_LIMIT: usize = 10;
/// Results of a recall at most.
const RECALL_LIMIT_MAX: usize = 200;

/// Everything that is remembered for one principal.
#[derive(Clone)]
pub struct Memories {
    session: Session,
}

impl Memories {
    pub(super) fn new(session: Session) -> Self {
        Self { session }
    }

    /// A page, newest first.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a cursor that no page gave.
    pub async fn list(&self, page: Page) -> Result<RecordPage> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::MemoryRead)?;
        Ok(karen.memory.list(&scope.memory(), page).await?)
    }

    /// One memory.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get(&self, id: &str) -> Result<Record> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::MemoryRead)?;
        let found = karen
            .memory
            .get(&scope.memory(), &RecordId::parse(id)?)
            .await?;
        found.ok_or_else(|| Error::new(Code::NotFound, format!("there is no memory {id}")))
    }

    /// Forgets a memory for good; `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn forget(&self, id: &str) -> Result<bool> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::MemoryWrite)?;
        let forgotten = karen
            .memory
            .forget(&scope.memory(), &RecordId::parse(id)?)
            .await?;
        karen.publish(scope, EventKind::MemoryChanged).await;
        Ok(forgotten)
    }

    /// Forgets everything; gives how much that was.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn forget_all(&self) -> Result<u64> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::MemoryWrite)?;
        let forgotten = karen.memory.forget_all(&scope.memory()).await?;
        karen.publish(scope, EventKind::MemoryChanged).await;
        Ok(forgotten)
    }
}

/// A search about to be made; awaiting it gives what is relevant, best first.
#[must_use = "nothing is searched until it is awaited"]
pub struct RecallBuilder {
    session: Session,
    query: String,
    limit: usize,
}

impl RecallBuilder {
    pub(super) fn new(session: Session, query: String) -> Self {
        Self {
            session,
            query,
            limit: RECALL_LIMIT,
        }
    }

    /// Results at most, 1 to 200; 10 if not said.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    async fn search(self) -> Result<Vec<RecalledItem>> {
        let Session {
            karen,
            principal,
            scope,
        } = self.session;
        principal.require(Permission::MemoryRead)?;
        if !(1..=RECALL_LIMIT_MAX).contains(&self.limit) {
            let message = format!(
                "limit is {}, and may be 1 to {RECALL_LIMIT_MAX}",
                self.limit
            );
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let query = Query::new(&self.query).limit(self.limit);
        let recall = karen.memory.recall(&scope.memory(), query).await?;
        Ok(recall.items.iter().map(recalled_item).collect())
    }
}

impl IntoFuture for RecallBuilder {
    type Output = Result<Vec<RecalledItem>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.search().boxed()
    }
}
