//! A person's data: taking all of it along, and having all of it erased.

mod eraser;
mod erasures;
mod export;
mod receipt;

use futures::stream::BoxStream;
use karen_auth::{AccountId, Permission, TenantId};
use karen_sql::now_ms;

pub(crate) use eraser::Eraser;
pub(crate) use erasures::{Erasure, Erasures};
pub use receipt::{Erased, Receipt, ReceiptPage};

use crate::id::ErasureId;
use crate::{Result, Scope, Session};

/// Receipts on one page at most.
const RECEIPTS_MAX: u32 = 200;

/// What somebody may ask for whose data is kept, and whoever answers for a tenant.
#[derive(Clone)]
pub struct Privacy {
    session: Session,
}

impl Privacy {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    /// Everything that is kept of the principal in its tenant: lines of JSON, each of a `kind`.
    ///
    /// The first item is an error where it may not be had: `FORBIDDEN` for an API key.
    #[must_use]
    pub fn export(&self) -> BoxStream<'static, Result<String>> {
        export::of_user(self.session.clone())
    }

    /// Everything that is kept of everybody in a tenant, as [`export`](Self::export) gives it, and the
    /// tenant's roles and audit log.
    ///
    /// The first item is an error where it may not be had: `FORBIDDEN` without `tenants:write`,
    /// `LOGIN_NOT_RECENT`.
    #[must_use]
    pub fn export_tenant(&self, tenant: TenantId) -> BoxStream<'static, Result<String>> {
        export::of_tenant(self.session.clone(), tenant)
    }

    /// Erases everything that is kept of the principal in its tenant, in every store, and its account
    /// if it has no other tenant. Running answers are stopped. What a crash cuts short goes on when
    /// Karen opens again; the audit log keeps ids and addresses.
    ///
    /// # Errors
    /// `LOGIN_NOT_RECENT`, `FORBIDDEN` for an API key, `CONFLICT` for the last owner of a tenant that
    /// has other members.
    pub async fn erase(&self) -> Result<Receipt> {
        let own = self.session.principal().account().clone();
        self.erase_user(&own).await
    }

    /// The same for another account of the tenant.
    ///
    /// # Errors
    /// As [`erase`](Self::erase), `NOT_FOUND`, and `FORBIDDEN` without `users:write` or for an account
    /// that may do more than the principal.
    pub async fn erase_user(&self, account: &AccountId) -> Result<Receipt> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        karen.auth.require_erasable(principal, account).await?;
        let tenant = principal.tenant().clone();
        self.carry_out(tenant, Some(account.clone())).await
    }

    /// The same for a directory, which deletes an account of the tenant: a key with `users:provision`
    /// is enough.
    ///
    /// # Errors
    /// `FORBIDDEN` without `users:provision` or for an account that may do more than the key's owner,
    /// `CONFLICT` for that owner, `NOT_FOUND`.
    pub async fn deprovision(&self, account: &AccountId) -> Result<Receipt> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        let directory = karen.auth.directory(principal).await?;
        directory.require_erasable(account).await?;
        let tenant = principal.tenant().clone();
        self.carry_out(tenant, Some(account.clone())).await
    }

    /// Erases a tenant with everything that it owns in every store, and the accounts that have no
    /// other. Its members are out at once; what a crash cuts short goes on when Karen opens again.
    ///
    /// # Errors
    /// `FORBIDDEN` without `tenants:write`, `LOGIN_NOT_RECENT`, `CONFLICT` for the tenant `default`,
    /// `NOT_FOUND`.
    pub async fn erase_tenant(&self, tenant: &TenantId) -> Result<Receipt> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        let auth = &karen.auth;
        auth.require_tenant_erasable(principal, tenant).await?;
        self.carry_out(tenant.clone(), None).await
    }

    /// Up to `limit` (1 to 200) receipts of what was asked for in the principal's tenant, oldest
    /// first, from after the receipt `after`.
    ///
    /// # Errors
    /// `FORBIDDEN` without `users:write`.
    pub async fn receipts(&self, after: Option<&ErasureId>, limit: u32) -> Result<ReceiptPage> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        principal.require(Permission::UsersWrite)?;
        let limit = limit.clamp(1, RECEIPTS_MAX);
        let (home, log) = (principal.tenant(), karen.eraser.erasures());
        // One more than is shown tells whether there is another page.
        let mut receipts = log.receipts(home, after, limit + 1).await?;
        let more = receipts.len() > limit as usize;
        receipts.truncate(limit as usize);
        Ok(ReceiptPage {
            next: receipts.last().filter(|_| more).map(|last| last.id.clone()),
            receipts,
        })
    }

    async fn carry_out(&self, tenant: TenantId, account: Option<AccountId>) -> Result<Receipt> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        let erasure = Erasure {
            id: ErasureId::fresh(),
            tenant,
            account,
            home: principal.tenant().clone(),
            asked_by: principal.account().clone(),
            asked_at: now_ms(),
        };
        let eraser = &karen.eraser;
        eraser.erasures().begin(&erasure).await?;
        eraser.shut_out(&erasure).await?;
        let is_meant = |scope: &Scope| erasure.covers(scope);
        karen.live.stop_those(is_meant).await;
        eraser.carry_out(&erasure).await
    }
}
