//! What is kept of people, taken along and erased, as a host calls it.

use futures::StreamExt;
use karen_core::auth::{AccountId, TenantId};
use karen_core::{ErasureId, Receipt};
use serde::Serialize;

use crate::{Failure, Merge, Pump, Session};

/// Everything that is kept of one person, or of a tenant. Clones share it.
#[derive(Clone)]
pub struct Privacy {
    session: Session,
}

/// A line of JSON that tells one thing that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeptLine(String);

/// A page of receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptPage {
    /// The oldest first.
    pub receipts: Vec<Receipt>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

impl Privacy {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    /// Everything that is kept of the session's person in its tenant; or, where one is named, of
    /// everybody in a tenant, with its roles and its audit log.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`. The first line is `FORBIDDEN` or `LOGIN_NOT_RECENT` for who may not.
    pub async fn export(&self, tenant: Option<&str>) -> Result<Pump<KeptLine>, Failure> {
        let tenant = tenant.map(TenantId::parse).transpose()?;
        let privacy = self.core()?;
        let lines = match tenant {
            Some(tenant) => privacy.export_tenant(tenant),
            None => privacy.export(),
        };
        Ok(Pump::new(lines.map(|line| Ok(KeptLine(line?)))))
    }

    /// Erases everything that is kept of the session's person, and the account.
    ///
    /// # Errors
    /// `LOGIN_NOT_RECENT`, `FORBIDDEN`, `CONFLICT` for the last owner of others' tenant.
    pub async fn erase(&self) -> Result<Receipt, Failure> {
        Ok(self.core()?.erase().await?)
    }

    /// The same for another account of the tenant.
    ///
    /// # Errors
    /// As [`erase`](Self::erase), `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn erase_user(&self, account: &str) -> Result<Receipt, Failure> {
        let account = AccountId::parse(account)?;
        Ok(self.core()?.erase_user(&account).await?)
    }

    /// Erases a tenant with everything that it owns.
    ///
    /// # Errors
    /// `FORBIDDEN`, `LOGIN_NOT_RECENT`, `CONFLICT` for the tenant `default`, `NOT_FOUND`,
    /// `INVALID_ARGUMENT`.
    pub async fn erase_tenant(&self, tenant: &str) -> Result<Receipt, Failure> {
        let tenant = TenantId::parse(tenant)?;
        Ok(self.core()?.erase_tenant(&tenant).await?)
    }

    /// Receipts of what was asked for in the session's tenant, oldest first.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn receipts(&self, after: Option<&str>, limit: u32) -> Result<ReceiptPage, Failure> {
        let after = after.map(ErasureId::parse).transpose()?;
        let page = self.core()?.receipts(after.as_ref(), limit).await?;
        Ok(ReceiptPage {
            receipts: page.receipts,
            next: page.next.map(|id| id.to_string()),
        })
    }

    fn core(&self) -> Result<karen_core::Privacy, Failure> {
        Ok(self.session.core()?.privacy())
    }
}

/// Each line is one of its own.
impl Merge for KeptLine {
    fn merge(&mut self, next: Self) -> Result<(), Self> {
        Err(next)
    }
}
