//! A person's data: all of it in one place, and its end.
//!
//! What other crates keep of a person goes between [`Auth::shut_out`] and [`Auth::finish_erasure`],
//! both of which may be called again after a crash.

use super::Auth;
use super::accounts::{no_account, require_power};
use super::tenants::no_tenant;
use crate::{
    Account, AccountId, AccountState, ApiKey, AuditAction, AuditEntry, AuthError, AuthErrorKind,
    CustomRole, Link, Page, Passkey, Permission, Principal, Role, SessionInfo, Tenant, TenantId,
};

const PAGE: u32 = 200;

/// Everything that this crate keeps of an account in one tenant, but for what proves who somebody
/// is. The audit log is read by [`Auth::audit_about`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalData {
    /// The account; `None` for [`AccountId::local`], and for one that has left.
    pub account: Option<Account>,
    /// Since when there is a second factor, unix milliseconds.
    pub second_factor_at_ms: Option<i64>,
    /// The providers that it signs in with.
    pub links: Vec<Link>,
    /// The passkeys that sign it in, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// Where it is logged in.
    pub sessions: Vec<SessionInfo>,
    /// Its keys, without their secrets.
    pub api_keys: Vec<ApiKey>,
}

/// Everything that this crate keeps of a tenant beside its members' own data and its audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantData {
    /// The tenant.
    pub tenant: Tenant,
    /// The roles that it made.
    pub roles: Vec<CustomRole>,
    /// Who belongs to it, ordered by id.
    pub members: Vec<Account>,
}

impl Auth {
    /// Everything of an account, for a copy that its owner or the operator of the tenant takes
    /// along. The audit log tells of it.
    ///
    /// # Errors
    /// `Denied` unless it is one's own account, or the principal has `tenants:write`; `Denied` for an
    /// API key.
    pub async fn personal_data(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<PersonalData, AuthError> {
        require_reach(principal, tenant, account)?;
        if !principal.is_owner() {
            principal.require_session()?;
        }
        let action = AuditAction::DataExported;
        let event = self.event_by(principal, action, account.as_str());
        let ports = &self.shared.ports;
        ports.audit.append(&event).await?;
        let factor = ports.factors.totp(account).await?;
        let sessions = ports.sessions.list(tenant, account).await?;
        let info = |session| super::sessions::info(session, principal);
        Ok(PersonalData {
            account: ports
                .identities
                .get(tenant, account)
                .await?
                .map(|i| i.account),
            second_factor_at_ms: factor.and_then(|factor| factor.confirmed_at_ms),
            links: ports.links.list(account).await?,
            passkeys: ports.passkeys.list(account).await?,
            sessions: sessions.into_iter().map(info).collect(),
            api_keys: ports.api_keys.list(tenant, account).await?,
        })
    }

    /// Up to `limit` (1 to 200) entries of the audit log about an account, whose number is above
    /// `after`.
    ///
    /// # Errors
    /// As [`personal_data`](Self::personal_data).
    pub async fn audit_about(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        account: &AccountId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        require_reach(principal, tenant, account)?;
        let audit = &self.shared.ports.audit;
        audit
            .about(tenant, account, after, limit.clamp(1, PAGE))
            .await
    }

    /// A tenant, for a copy that the operator takes along. The audit log tells of it.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`; `LoginNotRecent`; `NotFound`.
    pub async fn tenant_data(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<TenantData, AuthError> {
        principal.require(Permission::TenantsWrite)?;
        self.require_recent_or_owner(principal).await?;
        let ports = &self.shared.ports;
        let found = ports.tenants.get(tenant).await?;
        let action = AuditAction::DataExported;
        let event = self.event_by(principal, action, tenant.as_str());
        ports.audit.append(&event).await?;
        Ok(TenantData {
            tenant: found.ok_or_else(no_tenant)?,
            roles: ports.tenants.roles(tenant).await?,
            members: self.members(tenant).await?,
        })
    }

    /// Up to `limit` (1 to 200) entries of a tenant's audit log whose number is above `after`.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`.
    pub async fn audit_log_of(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        principal.require(Permission::TenantsWrite)?;
        let audit = &self.shared.ports.audit;
        audit.list(tenant, after, limit.clamp(1, PAGE)).await
    }

    /// Every account of a tenant, ordered by id.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`.
    pub async fn members_of(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<Vec<Account>, AuthError> {
        principal.require(Permission::TenantsWrite)?;
        self.members(tenant).await
    }

    /// Passes when the principal may have everything erased that is kept of the account in its
    /// tenant, here and now: its own, or one that it manages. The audit log tells of it.
    ///
    /// # Errors
    /// `LoginNotRecent`; `Denied` without `users:write` for another's account, for one that may do
    /// more than the principal, and for an API key; `Conflict` for the last owner of a tenant that
    /// has other members; `NotFound`.
    pub async fn require_erasable(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        self.require_recent_or_owner(principal).await?;
        if account != &AccountId::local() {
            self.require_dispensable(principal, account).await?;
        }
        if account != principal.account() {
            principal.require(Permission::UsersWrite)?;
        }
        let action = AuditAction::ErasureBegun;
        let event = self.event_by(principal, action, account.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Ends an account's sessions and keys in a tenant for good, so that nothing more comes of it.
    ///
    /// # Errors
    /// `Denied` unless `owner` is [`Principal::local`]: who asks is checked by
    /// [`require_erasable`](Self::require_erasable), who goes on after a crash is the program.
    pub async fn shut_out(
        &self,
        owner: &Principal,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        owner.require_local()?;
        let ports = &self.shared.ports;
        let state = AccountState::Disabled;
        if ports.identities.set_state(tenant, account, state).await? {
            ports.identities.raise_epoch(tenant, account).await?;
            ports.sessions.delete_all(tenant, account, None).await?;
        }
        self.shared.live.end_account(tenant, account);
        Ok(())
    }

    /// Deletes what this crate keeps of an account in a tenant, and the account if it has no other.
    /// What the audit log says stays: it holds ids and addresses.
    ///
    /// # Errors
    /// As [`shut_out`](Self::shut_out).
    pub async fn finish_erasure(
        &self,
        owner: &Principal,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        owner.require_local()?;
        self.shared.ports.identities.leave(tenant, account).await?;
        self.shared.live.end_account(tenant, account);
        Ok(())
    }

    /// Writes down that everything of `subject`, an account or a tenant, is erased; into the log of
    /// the tenant that asked for it.
    ///
    /// # Errors
    /// As [`shut_out`](Self::shut_out).
    pub async fn record_erasure(
        &self,
        owner: &Principal,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<AuditEntry, AuthError> {
        owner.require_local()?;
        let mut event = self.event_by(owner, AuditAction::Erased, subject);
        event.tenant = tenant.clone();
        self.shared.ports.audit.append(&event).await
    }

    /// No tenant is left without an owner while it has members.
    async fn require_dispensable(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        let tenant = principal.tenant();
        let identity = self.shared.ports.identities.get(tenant, account).await?;
        let leaving = identity.ok_or_else(no_account)?.account;
        require_power(principal, leaving.permissions(), leaving.role.as_str())?;
        let others = self.members(tenant).await?;
        let mut others = others
            .iter()
            .filter(|other| &other.id != account)
            .peekable();
        let is_owner = |other: &Account| other.role == Role::Owner;
        if !is_owner(&leaving) || others.peek().is_none() || others.any(is_owner) {
            return Ok(());
        }
        let reason = "it is the last owner of its tenant: make another member an owner first";
        let operation = "erase the account";
        Err(AuthError::new(AuthErrorKind::Conflict, operation, reason))
    }

    async fn members(&self, tenant: &TenantId) -> Result<Vec<Account>, AuthError> {
        let identities = &self.shared.ports.identities;
        let mut members: Vec<Account> = Vec::new();
        loop {
            let after = members.last().map(|account| account.id.clone());
            let (limit, after) = (PAGE, after.as_ref());
            let page = identities.list(tenant, Page { limit, after }).await?;
            let is_last = page.len() < PAGE as usize;
            members.extend(page);
            if is_last {
                return Ok(members);
            }
        }
    }
}

fn require_reach(
    principal: &Principal,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<(), AuthError> {
    match principal.tenant() == tenant && principal.account() == account {
        true => Ok(()),
        false => principal.require(Permission::TenantsWrite),
    }
}
