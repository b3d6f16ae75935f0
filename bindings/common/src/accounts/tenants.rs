//! Tenants, as a host calls them.

use karen_core::auth::{Auth, Page, TenantId};

use super::{Credentials, MadeTenant, SignedIn, Tenant, TenantLimits, TenantUsage, named, who};
use crate::{Failure, Karen, Session};

/// Tenants: for operators of an installation, and for who belongs to several.
#[derive(Clone)]
pub struct Tenants {
    karen: Karen,
}

impl Tenants {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// The tenants, ordered by id.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list(
        &self,
        session: &Session,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Failure> {
        let after = after.map(TenantId::parse).transpose()?;
        let page = Page {
            limit,
            after: after.as_ref(),
        };
        let tenants = self.auth()?.tenants(who(session)?, page).await?;
        Ok(tenants.into_iter().map(Into::into).collect())
    }

    /// Makes a tenant, and the account that owns it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT`, `INVALID_ARGUMENT`.
    pub async fn create(
        &self,
        session: &Session,
        name: &str,
        owner: Credentials,
    ) -> Result<MadeTenant, Failure> {
        let auth = self.auth()?;
        let made = auth.create_tenant(who(session)?, name, owner.into());
        Ok(made.await?.into())
    }

    /// Shuts everybody out of a tenant.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`, `INVALID_ARGUMENT`.
    pub async fn suspend(&self, session: &Session, tenant: &str) -> Result<(), Failure> {
        let (auth, tenant) = (self.auth()?, TenantId::parse(tenant)?);
        Ok(auth.suspend_tenant(who(session)?, &tenant).await?)
    }

    /// Lets the members of a suspended tenant in again.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend).
    pub async fn resume(&self, session: &Session, tenant: &str) -> Result<(), Failure> {
        let (auth, tenant) = (self.auth()?, TenantId::parse(tenant)?);
        Ok(auth.resume_tenant(who(session)?, &tenant).await?)
    }

    /// Sets what a tenant may use up, from its next member and its next turn on.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn limit(
        &self,
        session: &Session,
        tenant: &str,
        limits: TenantLimits,
    ) -> Result<Tenant, Failure> {
        let (auth, tenant) = (self.auth()?, TenantId::parse(tenant)?);
        let limited = auth.limit_tenant(who(session)?, &tenant, limits.into());
        Ok(limited.await?.into())
    }

    /// The session's tenant, and what it has used of what it may.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND` in a program for one person.
    pub async fn usage(&self, session: &Session) -> Result<TenantUsage, Failure> {
        Ok(session.core()?.tenant().await?.into())
    }

    /// Deletes a tenant, and every account that has no other.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend); `FORBIDDEN` also when the password was not given of late.
    pub async fn delete(&self, session: &Session, tenant: &str) -> Result<(), Failure> {
        let (auth, tenant) = (self.auth()?, TenantId::parse(tenant)?);
        Ok(auth.delete_tenant(who(session)?, &tenant).await?)
    }

    /// The tenants that the session's account belongs to.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn own(&self, session: &Session) -> Result<Vec<Tenant>, Failure> {
        let tenants = self.auth()?.own_tenants(who(session)?).await?;
        Ok(tenants.into_iter().map(Into::into).collect())
    }

    /// Signs the session's account in to another of its tenants.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn switch(
        &self,
        session: &Session,
        tenant: &str,
        device: Option<String>,
    ) -> Result<SignedIn, Failure> {
        let (auth, tenant) = (self.auth()?, TenantId::parse(tenant)?);
        let signed_in = auth.switch_tenant(who(session)?, &tenant, named(device));
        Ok(signed_in.await?.into())
    }

    fn auth(&self) -> Result<&Auth, Failure> {
        self.karen.auth()
    }
}
