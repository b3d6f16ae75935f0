//! Tenants: making them, shutting them, deleting them, and moving between them.

use super::Auth;
use super::accounts::no_account;
use crate::account::checked_name;
use crate::tenant::no_room;
use crate::{
    Account, AuditAction, AuthError, AuthErrorKind, Device, NewAccount, Page, Permission,
    Principal, Role, SignedIn, Tenant, TenantId, TenantLimits, TenantState,
};

impl Auth {
    /// Makes a tenant with its first owner, on the plan that new tenants are given.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`, which only members of the tenant `default` can have;
    /// `Invalid` for the name or the account; `Conflict` when the owner's email is taken.
    pub async fn create_tenant(
        &self,
        principal: &Principal,
        name: &str,
        owner: NewAccount,
    ) -> Result<(Tenant, Account), AuthError> {
        principal.require(Permission::TenantsWrite)?;
        let (limits, plan) = self.shared.plans.for_new_tenants()?;
        let tenant = Tenant {
            id: TenantId::random(),
            name: checked_name(name)?,
            state: TenantState::Active,
            limits,
            plan,
            created_at_ms: self.now_ms(),
        };
        let owner = self
            .new_identity(owner, tenant.id.clone(), Role::Owner)
            .await?;
        let event = self.event_by(principal, AuditAction::TenantCreated, tenant.id.as_str());
        let ports = &self.shared.ports;
        ports.audit.append(&event).await?;
        ports.tenants.create(&tenant).await?;
        if let Err(error) = ports.identities.create(&owner).await {
            ports.tenants.delete(&tenant.id).await?;
            return Err(error);
        }
        Ok((tenant, owner.account))
    }

    /// The tenants, ordered by id.
    ///
    /// # Errors
    /// `Denied` without `tenants:read`.
    pub async fn tenants(
        &self,
        principal: &Principal,
        page: Page<'_, TenantId>,
    ) -> Result<Vec<Tenant>, AuthError> {
        principal.require(Permission::TenantsRead)?;
        self.shared.ports.tenants.list(page).await
    }

    /// Shuts everybody out of a tenant: its sessions and keys are dead at once, and alive again
    /// when it is resumed.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`; `Conflict` for the tenant `default`; `NotFound`.
    pub async fn suspend_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<(), AuthError> {
        require_over(principal, tenant)?;
        self.set_tenant_state(tenant, TenantState::Suspended)
            .await?;
        self.shared.live.end_tenant(tenant);
        let event = self.event_by(principal, AuditAction::TenantSuspended, tenant.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Lets the members of a suspended tenant in again.
    ///
    /// # Errors
    /// As [`suspend_tenant`](Self::suspend_tenant).
    pub async fn resume_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<(), AuthError> {
        require_over(principal, tenant)?;
        let event = self.event_by(principal, AuditAction::TenantResumed, tenant.as_str());
        self.shared.ports.audit.append(&event).await?;
        self.set_tenant_state(tenant, TenantState::Active).await
    }

    /// The principal's tenant, and how many members it has, disabled ones too.
    ///
    /// # Errors
    /// `NotFound` where a program made the principal up, and no tenant for it.
    pub async fn own_tenant(&self, principal: &Principal) -> Result<(Tenant, u64), AuthError> {
        let (id, tenants) = (principal.tenant(), &self.shared.ports.tenants);
        let tenant = tenants.get(id).await?.ok_or_else(no_tenant)?;
        Ok((tenant, tenants.members(id).await?))
    }

    /// What the principal's tenant may use up; no limit where there is no such tenant.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn tenant_limits(&self, principal: &Principal) -> Result<TenantLimits, AuthError> {
        let tenant = self.shared.ports.tenants.get(principal.tenant()).await?;
        Ok(tenant.map(|tenant| tenant.limits).unwrap_or_default())
    }

    /// Deletes a tenant with all that this crate keeps of it: memberships, sessions, keys, roles,
    /// invitations, its audit log, and the accounts that have no other tenant. What other crates
    /// keep is for the caller to delete, before.
    ///
    /// # Errors
    /// As [`suspend_tenant`](Self::suspend_tenant), and `LoginNotRecent`.
    pub async fn delete_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<(), AuthError> {
        self.require_tenant_erasable(principal, tenant).await?;
        let event = self.event_by(principal, AuditAction::TenantDeleted, tenant.as_str());
        let ports = &self.shared.ports;
        ports.audit.append(&event).await?;
        let is_deleted = ports.tenants.delete(tenant).await?;
        self.shared.live.end_tenant(tenant);
        is_deleted.then_some(()).ok_or_else(no_tenant)
    }

    /// Passes when the principal may delete the tenant, here and now.
    ///
    /// # Errors
    /// As [`delete_tenant`](Self::delete_tenant).
    pub async fn require_tenant_erasable(
        &self,
        principal: &Principal,
        tenant: &TenantId,
    ) -> Result<(), AuthError> {
        require_over(principal, tenant)?;
        self.require_recent_or_owner(principal).await?;
        let found = self.shared.ports.tenants.get(tenant).await?;
        found.map(drop).ok_or_else(no_tenant)
    }

    /// The tenants that the principal's account is a member of, in the order of joining.
    ///
    /// # Errors
    /// What the stores report.
    pub async fn own_tenants(&self, principal: &Principal) -> Result<Vec<Tenant>, AuthError> {
        let ports = &self.shared.ports;
        let mut tenants = Vec::new();
        for id in ports.identities.tenants_of(principal.account()).await? {
            tenants.extend(ports.tenants.get(&id).await?);
        }
        Ok(tenants)
    }

    /// Opens a session of the principal's account in another of its tenants. What is dangerous
    /// takes credentials there as soon as it would have here.
    ///
    /// # Errors
    /// `NotFound` when the account is no member, or may not come in; `Denied` for an API key.
    pub async fn switch_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        let session = principal.require_session()?;
        let ports = &self.shared.ports;
        let session = ports.sessions.find(session).await?.ok_or_else(no_tenant)?;
        let identity = ports.identities.get(tenant, principal.account()).await?;
        let identity = identity.filter(|i| i.is_active()).ok_or_else(no_tenant)?;
        let event = self.event(&identity.account, AuditAction::LogIn, &device);
        ports.audit.append(&event).await?;
        let authenticated_at_ms = session.authenticated_at_ms;
        self.open_session_since(
            identity.account,
            identity.epoch,
            device,
            authenticated_at_ms,
        )
        .await
    }

    /// Takes a member out of the principal's tenant; its sessions and keys there are dead at once.
    /// An account that has no other tenant is deleted.
    ///
    /// # Errors
    /// As [`disable_account`](Self::disable_account).
    pub async fn remove_member(
        &self,
        principal: &Principal,
        account: &crate::AccountId,
    ) -> Result<(), AuthError> {
        self.require_manageable(principal, account).await?;
        let tenant = principal.tenant();
        let has_left = self.shared.ports.identities.leave(tenant, account).await?;
        self.shared.live.end_account(tenant, account);
        has_left.then_some(()).ok_or_else(no_account)?;
        let event = self.event_by(principal, AuditAction::MemberRemoved, account.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Passes while the tenant has room for a member, before anything is used up for it; the store
    /// is who decides.
    pub(super) async fn require_room_for_member(&self, tenant: &TenantId) -> Result<(), AuthError> {
        let tenants = &self.shared.ports.tenants;
        let found = tenants.get(tenant).await?;
        let users_max = found.map_or(0, |tenant| tenant.limits.users);
        if users_max == 0 || tenants.members(tenant).await? < u64::from(users_max) {
            return Ok(());
        }
        Err(no_room(users_max.into()))
    }

    async fn set_tenant_state(
        &self,
        tenant: &TenantId,
        state: TenantState,
    ) -> Result<(), AuthError> {
        let is_set = self.shared.ports.tenants.set_state(tenant, state).await?;
        is_set.then_some(()).ok_or_else(no_tenant)
    }
}

fn require_over(principal: &Principal, tenant: &TenantId) -> Result<(), AuthError> {
    principal.require(Permission::TenantsWrite)?;
    if tenant != &TenantId::default() {
        return Ok(());
    }
    let reason = "the tenant default belongs to the installation and stays";
    Err(AuthError::new(
        AuthErrorKind::Conflict,
        "change the tenant",
        reason,
    ))
}

pub(super) fn no_tenant() -> AuthError {
    let reason = "there is no such tenant, or none of yours";
    AuthError::new(AuthErrorKind::NotFound, "find the tenant", reason)
}
