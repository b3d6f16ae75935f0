//! What one principal does with its own data.

mod chat;
mod conversations;
mod generate;
mod memories;
mod remember;

use std::sync::Arc;

use karen_auth::{Permission, Principal};
use karen_sql::now_ms;

pub use chat::{Chat, TurnRef};
pub use conversations::Conversations;
pub use generate::Answering;
pub use memories::{Inspection, Memories, RecallBuilder};
pub use remember::RememberBuilder;

use crate::id::TurnId;
use crate::karen::Shared;
use crate::turn::{Turn, TurnState, TurnStream, follow, replay};
use crate::usage::{DAY_MS, MONTH_MS, TenantUsage, UsageTotal};
use crate::{Code, Error, Privacy, Result, Scope};

/// Karen on behalf of a principal: nothing of anybody else can be reached through it.
#[derive(Clone)]
pub struct Session {
    karen: Arc<Shared>,
    principal: Principal,
    scope: Scope,
}

impl Session {
    pub(crate) fn new(karen: Arc<Shared>, principal: Principal) -> Self {
        let scope = Scope::of(&principal);
        Self {
            karen,
            principal,
            scope,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.karen
    }

    pub(crate) fn handle(&self) -> Arc<Shared> {
        Arc::clone(&self.karen)
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// On whose behalf.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Says something to Karen; see [`Chat`].
    pub fn chat(&self, message: impl Into<String>) -> Chat {
        Chat::new(self.clone(), message.into())
    }

    /// Listens to a turn again, from the event after number `after`: live while it runs, here or on
    /// another instance, from the log afterwards.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`.
    pub async fn resume(&self, id: &TurnId, after: u64) -> Result<TurnStream> {
        self.principal.require(Permission::ChatUse)?;
        if let Some(live) = self.karen.live.get(&self.scope, id) {
            return Ok(TurnStream::live(TurnRef::of(&live), live, after));
        }
        let turn = self.turn(id).await?;
        if turn.state == TurnState::Running && self.karen.is_shared() {
            let (karen, scope) = (Arc::clone(&self.karen), self.scope.clone());
            return Ok(follow(karen, scope, turn, after));
        }
        replay(&self.karen, &self.scope, &turn, after).await
    }

    /// One turn.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`.
    pub async fn turn(&self, id: &TurnId) -> Result<Turn> {
        self.principal.require(Permission::ConversationsRead)?;
        let found = self.karen.turn_log.get(&self.scope, id).await?;
        found.ok_or_else(|| Error::new(Code::NotFound, format!("there is no turn {id}")))
    }

    /// Stops a turn; what it said is kept. `false` if it was over already.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`.
    pub async fn cancel(&self, id: &TurnId) -> Result<bool> {
        self.principal.require(Permission::ChatUse)?;
        if let Some(live) = self.karen.live.get(&self.scope, id) {
            live.cancel.cancel();
            return Ok(true);
        }
        self.turn(id).await.map(|_| false)
    }

    /// Remembers a note; see [`RememberBuilder`].
    pub fn remember(&self, text: impl Into<String>) -> RememberBuilder {
        RememberBuilder::new(self.clone(), text.into())
    }

    /// Searches what is remembered; see [`RecallBuilder`].
    pub fn recall(&self, query: impl Into<String>) -> RecallBuilder {
        RecallBuilder::new(self.clone(), query.into())
    }

    /// Forgets a memory for good; `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, or what the store reports.
    pub async fn forget(&self, id: &str) -> Result<bool> {
        self.memories().forget(id).await
    }

    /// Everything remembered.
    #[must_use]
    pub fn memories(&self) -> Memories {
        Memories::new(self.clone())
    }

    /// The conversations.
    #[must_use]
    pub fn conversations(&self) -> Conversations {
        Conversations::new(self.clone())
    }

    /// Taking everything along, and having everything erased.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        Privacy::new(self.clone())
    }

    /// The tenant, what it may use up, and what it has used.
    ///
    /// # Errors
    /// `FORBIDDEN` without `users:read`; `NOT_FOUND` where a program made the principal up, and no
    /// tenant for it.
    pub async fn tenant(&self) -> Result<TenantUsage> {
        self.principal.require(Permission::UsersRead)?;
        let (tenant, users) = self.karen.auth.own_tenant(&self.principal).await?;
        let (ledger, now) = (&self.karen.ledger, now_ms());
        let since = async |span| ledger.tenant_total(self.scope.tenant(), now - span).await;
        Ok(TenantUsage {
            tenant,
            users,
            stored_bytes: self.karen.stored_bytes(self.scope.tenant()).await?,
            day: since(DAY_MS).await?,
            month: since(MONTH_MS).await?,
        })
    }

    /// What was used at or after `since` (unix milliseconds).
    ///
    /// # Errors
    /// What the ledger reports.
    pub async fn usage(&self, since: i64) -> Result<UsageTotal> {
        self.karen.ledger.total(&self.scope, since).await
    }
}
