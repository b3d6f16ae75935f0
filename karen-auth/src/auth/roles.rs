//! Roles that a tenant makes for itself, and who holds which.

use super::Auth;
use super::accounts::{no_account, require_power};
use crate::{
    Account, AccountId, AuditAction, AuthError, AuthErrorKind, CustomRole, Permission, Permissions,
    Principal, Role, RoleName,
};

/// Roles of one tenant.
const ROLES_MAX: usize = 100;

/// The role that somebody is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleChoice {
    /// One of the built-in roles.
    BuiltIn(Role),
    /// One that the tenant made.
    Custom(RoleName),
}

impl Auth {
    /// The roles that the principal's tenant made, ordered by name.
    ///
    /// # Errors
    /// `Denied` without `users:read`.
    pub async fn custom_roles(&self, principal: &Principal) -> Result<Vec<CustomRole>, AuthError> {
        principal.require(Permission::UsersRead)?;
        self.shared.ports.tenants.roles(principal.tenant()).await
    }

    /// Makes a role, or changes one: who holds it may do what it says at the next request.
    ///
    /// # Errors
    /// `Denied` without `users:write`, and for a role that may do more than the principal, or might
    /// until now; `Conflict` beyond 100 roles.
    pub async fn put_custom_role(
        &self,
        principal: &Principal,
        role: &CustomRole,
    ) -> Result<(), AuthError> {
        self.require_role(principal, role).await?;
        self.shared
            .ports
            .tenants
            .put_role(principal.tenant(), role)
            .await?;
        self.shared.live.end_tenant(principal.tenant());
        Ok(())
    }

    /// The same in place of what was `seen` under its name, a role or nothing.
    ///
    /// # Errors
    /// As [`put_custom_role`](Self::put_custom_role), and `Stale` when something else is there.
    pub async fn replace_custom_role(
        &self,
        principal: &Principal,
        seen: Option<&CustomRole>,
        role: &CustomRole,
    ) -> Result<(), AuthError> {
        self.require_role(principal, role).await?;
        let (tenants, tenant) = (&self.shared.ports.tenants, principal.tenant());
        let is_replaced = tenants.replace_role(tenant, seen, role).await?;
        self.shared.live.end_tenant(tenant);
        is_replaced.then_some(()).ok_or_else(stale)
    }

    /// Passes when the principal may make the role, or change it. The audit log tells of it.
    async fn require_role(
        &self,
        principal: &Principal,
        role: &CustomRole,
    ) -> Result<(), AuthError> {
        principal.require(Permission::UsersWrite)?;
        require_power(principal, role.permissions, role.name.as_str())?;
        let (ports, tenant) = (&self.shared.ports, principal.tenant());
        let roles = ports.tenants.roles(tenant).await?;
        let earlier = roles.iter().find(|earlier| earlier.name == role.name);
        match earlier {
            Some(earlier) => require_power(principal, earlier.permissions, role.name.as_str())?,
            None if roles.len() >= ROLES_MAX => {
                let reason = "the tenant has 100 roles: delete one that nobody holds";
                return Err(AuthError::new(
                    AuthErrorKind::Conflict,
                    "make the role",
                    reason,
                ));
            }
            None => {}
        }
        let event = self.event_by(principal, AuditAction::RoleChanged, role.name.as_str());
        ports.audit.append(&event).await.map(drop)
    }

    /// Deletes a role that nobody holds.
    ///
    /// # Errors
    /// `Denied` without `users:write`; `Conflict` while somebody holds it; `NotFound`.
    pub async fn delete_custom_role(
        &self,
        principal: &Principal,
        role: &RoleName,
    ) -> Result<(), AuthError> {
        principal.require(Permission::UsersWrite)?;
        let tenants = &self.shared.ports.tenants;
        if !tenants.delete_role(principal.tenant(), role).await? {
            return Err(no_role());
        }
        let event = self.event_by(principal, AuditAction::RoleDeleted, role.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Gives an account of the principal's tenant another role, at its next request.
    ///
    /// # Errors
    /// `Denied` without `users:write`, for an account that may do more than the principal, and for
    /// a role that may; `Conflict` for one's own; `NotFound` for the account and for the role.
    pub async fn set_role(
        &self,
        principal: &Principal,
        account: &AccountId,
        role: &RoleChoice,
    ) -> Result<(), AuthError> {
        let (built_in, custom) = self.assignable(principal, account, role).await?;
        let (identities, tenant) = (&self.shared.ports.identities, principal.tenant());
        let is_set = identities.set_role(tenant, account, built_in, custom);
        let is_set = is_set.await?;
        self.shared.live.end_account(tenant, account);
        is_set.then_some(()).ok_or_else(no_account)
    }

    /// The same if the account is still as it was `seen`.
    ///
    /// # Errors
    /// As [`set_role`](Self::set_role), and `Stale` when it was changed.
    pub async fn change_role(
        &self,
        principal: &Principal,
        seen: &Account,
        role: &RoleChoice,
    ) -> Result<(), AuthError> {
        let (built_in, custom) = self.assignable(principal, &seen.id, role).await?;
        let identities = &self.shared.ports.identities;
        let is_changed = identities.change_role(seen, built_in, custom).await?;
        self.shared.live.end_account(principal.tenant(), &seen.id);
        is_changed.then_some(()).ok_or_else(stale)
    }

    /// The role as it is kept, when the principal may give it to the account. The audit log tells of
    /// it.
    async fn assignable<'r>(
        &self,
        principal: &Principal,
        account: &AccountId,
        role: &'r RoleChoice,
    ) -> Result<(Role, Option<&'r RoleName>), AuthError> {
        self.require_manageable(principal, account).await?;
        let (name, permissions) = self.chosen(principal, role).await?;
        require_power(principal, permissions, name)?;
        let event = self.event_by(principal, AuditAction::RoleAssigned, account.as_str());
        self.shared.ports.audit.append(&event).await?;
        Ok(match role {
            RoleChoice::BuiltIn(role) => (*role, None),
            RoleChoice::Custom(name) => (Role::Custom, Some(name)),
        })
    }

    async fn chosen<'r>(
        &self,
        principal: &Principal,
        role: &'r RoleChoice,
    ) -> Result<(&'r str, Permissions), AuthError> {
        match role {
            // It says nothing without its name.
            RoleChoice::BuiltIn(Role::Custom) => Err(no_role()),
            RoleChoice::BuiltIn(role) => {
                Ok((role.as_str(), role.permissions_in(principal.tenant())))
            }
            RoleChoice::Custom(name) => {
                let roles = self.shared.ports.tenants.roles(principal.tenant()).await?;
                let role = roles.into_iter().find(|role| role.name == *name);
                Ok((name.as_str(), role.ok_or_else(no_role)?.permissions))
            }
        }
    }
}

fn no_role() -> AuthError {
    let reason = "the tenant has no such role";
    AuthError::new(AuthErrorKind::NotFound, "find the role", reason)
}

fn stale() -> AuthError {
    let reason = "it was changed since you read it: read it again, then change it";
    AuthError::new(AuthErrorKind::Stale, "change it", reason)
}
