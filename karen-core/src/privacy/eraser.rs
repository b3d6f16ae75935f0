//! Erasing, store by store.
//!
//! Every step may be taken again: after a crash, or by two instances at once. What is counted first
//! stays counted, so that a receipt tells of the whole however often the work was begun.

use std::collections::BTreeSet;
use std::sync::Arc;

use karen_auth::{Account, AccountId, Auth, AuthErrorKind, Principal};
use karen_memory::Memory;
use karen_sql::now_ms;

use super::receipt::hex;
use super::{Erased, Erasure, Erasures, Receipt};
use crate::call::Calls;
use crate::conversation::ConversationStore;
use crate::turn::TurnLog;
use crate::usage::UsageLedger;
use crate::{Result, Scope};

/// Every store that keeps something of somebody.
#[derive(Clone)]
pub(crate) struct Eraser {
    pub(crate) erasures: Erasures,
    pub(crate) auth: Auth,
    pub(crate) memory: Memory,
    pub(crate) conversations: Arc<dyn ConversationStore>,
    pub(crate) turn_log: Arc<dyn TurnLog>,
    pub(crate) ledger: Arc<dyn UsageLedger>,
    pub(crate) calls: Calls,
}

impl Eraser {
    pub(crate) fn erasures(&self) -> &Erasures {
        &self.erasures
    }

    /// Carries out what was begun and has no receipt.
    pub(crate) async fn resume(&self) -> Result<()> {
        for erasure in self.erasures.unfinished().await? {
            self.shut_out(&erasure).await?;
            self.carry_out(&erasure).await?;
        }
        Ok(())
    }

    /// Nobody whom it is about gets in any more.
    pub(super) async fn shut_out(&self, erasure: &Erasure) -> Result<()> {
        let (owner, tenant) = (Principal::local(), &erasure.tenant);
        match &erasure.account {
            Some(account) => Ok(self.auth.shut_out(&owner, tenant, account).await?),
            None => gone_or(self.auth.suspend_tenant(&owner, tenant).await),
        }
    }

    /// Erases everything of those who were shut out.
    pub(super) async fn carry_out(&self, erasure: &Erasure) -> Result<Receipt> {
        let scopes = self.scopes(erasure).await?;
        let erased = match self.erasures.counted(&erasure.id).await? {
            Some(erased) => erased,
            None => {
                let found = self.count(erasure, &scopes).await?;
                self.erasures.count(&erasure.id, found).await?
            }
        };
        for scope in &scopes {
            self.conversations.erase(scope).await?;
            self.turn_log.erase(scope).await?;
            self.ledger.erase(scope).await?;
            self.calls.erase(scope).await?;
        }
        self.forget_accounts(erasure).await?;
        // Last, for it also clears the log of a SQLite file of what the others have deleted.
        for scope in &scopes {
            self.memory.erase(&scope.memory()).await?;
        }
        self.finish(erasure, erased).await
    }

    async fn finish(&self, erasure: &Erasure, erased: Erased) -> Result<Receipt> {
        let (owner, home) = (Principal::local(), &erasure.home);
        let entry = self.auth.record_erasure(&owner, home, erasure.subject());
        let entry = entry.await?;
        let receipt = Receipt {
            id: erasure.id.clone(),
            tenant: erasure.tenant.to_string(),
            account: erasure.account.as_ref().map(AccountId::to_string),
            asked_by: erasure.asked_by.to_string(),
            asked_at: erasure.asked_at,
            finished_at: now_ms(),
            erased,
            audit_seq: entry.seq,
            audit_hash: hex(&entry.hash),
            sha256: String::new(),
        };
        self.erasures.finish(receipt.sealed()).await
    }

    async fn forget_accounts(&self, erasure: &Erasure) -> Result<()> {
        let (owner, tenant) = (Principal::local(), &erasure.tenant);
        match &erasure.account {
            Some(account) => Ok(self.auth.finish_erasure(&owner, tenant, account).await?),
            None => gone_or(self.auth.delete_tenant(&owner, tenant).await),
        }
    }

    /// Whose data it is about: members, and those who were and have left something.
    async fn scopes(&self, erasure: &Erasure) -> Result<Vec<Scope>> {
        let tenant = erasure.tenant.as_str();
        let of = |user: String| Scope::stored(tenant.to_owned(), user);
        if let Some(account) = &erasure.account {
            return Ok(vec![of(account.to_string())]);
        }
        let members = self.members(erasure).await?.into_iter();
        let mut users: BTreeSet<String> = members.map(|member| member.id.to_string()).collect();
        users.extend(self.conversations.users(tenant).await?);
        users.extend(self.ledger.users(tenant).await?);
        let tenant = karen_memory::TenantId::new(tenant);
        let remembered = self.memory.users(&tenant).await?.into_iter();
        users.extend(remembered.map(|user| user.as_str().to_owned()));
        Ok(users.into_iter().map(of).collect())
    }

    async fn count(&self, erasure: &Erasure, scopes: &[Scope]) -> Result<Erased> {
        let mut found = Erased {
            accounts: self.accounts(erasure).await?,
            ..Erased::default()
        };
        for scope in scopes {
            let said = self.conversations.tally(scope).await?;
            found.conversations += said.conversations;
            found.messages += said.messages;
            found.turns += self.turn_log.count(scope).await?;
            found.usage_records += self.ledger.total(scope, 0).await?.turns;
            found.memories += self.memory.count(&scope.memory()).await?;
        }
        Ok(found)
    }

    async fn accounts(&self, erasure: &Erasure) -> Result<u64> {
        let is_meant = |id: &AccountId| erasure.account.as_ref().is_none_or(|meant| meant == id);
        let members = self.members(erasure).await?.into_iter();
        Ok(members.filter(|member| is_meant(&member.id)).count() as u64)
    }

    async fn members(&self, erasure: &Erasure) -> Result<Vec<Account>> {
        let owner = Principal::local();
        Ok(self.auth.members_of(&owner, &erasure.tenant).await?)
    }
}

/// What is gone already was deleted before the crash.
fn gone_or(done: Result<(), karen_auth::AuthError>) -> Result<()> {
    match done {
        Err(error) if error.kind() == AuthErrorKind::NotFound => Ok(()),
        done => Ok(done?),
    }
}
