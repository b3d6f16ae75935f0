//! Roles that a tenant makes for itself, and who holds which.

use super::Auth;
use super::accounts::{no_account, require_power};
use crate::{
    AccountId, AuditAction, AuthError, AuthErrorKind, CustomRole, Permission, Permissions,
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
        ports.audit.append(&event).await?;
        ports.tenants.put_role(tenant, role).await?;
        self.shared.live.end_tenant(tenant);
        Ok(())
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
        self.require_manageable(principal, account).await?;
        let (name, permissions) = self.chosen(principal, role).await?;
        require_power(principal, permissions, name)?;
        let (built_in, custom) = match role {
            RoleChoice::BuiltIn(role) => (*role, None),
            RoleChoice::Custom(name) => (Role::Custom, Some(name)),
        };
        let event = self.event_by(principal, AuditAction::RoleAssigned, account.as_str());
        let (ports, tenant) = (&self.shared.ports, principal.tenant());
        ports.audit.append(&event).await?;
        let is_set = ports
            .identities
            .set_role(tenant, account, built_in, custom)
            .await?;
        self.shared.live.end_account(tenant, account);
        is_set.then_some(()).ok_or_else(no_account)
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
