//! Tenants, and the roles that they make for themselves.

mod limits;
mod plan;
mod sql;

use std::fmt;

use async_trait::async_trait;

pub(crate) use limits::no_room;
pub use limits::{TenantLimits, UseLimits};
pub use plan::PlanName;
pub use sql::SqlTenantStore;

use crate::{AuthError, AuthErrorKind, Page, Permissions, TenantId};

const ROLE_NAME_CHARS_MAX: usize = 40;

/// People and data that others never see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tenant {
    /// The id.
    pub id: TenantId,
    /// What people call it; 1 to 100 characters.
    pub name: String,
    /// Whether its members may come in.
    pub state: TenantState,
    /// What it may use up.
    pub limits: TenantLimits,
    /// The plan that it has these limits of; `None` for limits of its own.
    pub plan: Option<PlanName>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// Whether the members of a tenant may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenantState {
    /// They may.
    Active,
    /// They may not, and neither may their sessions and keys.
    Suspended,
}

impl TenantState {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, AuthError> {
        let states = [Self::Active, Self::Suspended];
        let named = states.into_iter().find(|state| state.as_str() == text);
        named.ok_or_else(|| {
            let reason = "no state has this name";
            AuthError::new(AuthErrorKind::Invalid, "read the state of a tenant", reason)
        })
    }
}

/// The name of a role that a tenant made: lower-case letters, digits and hyphens, 1 to 40 of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// Reads a name.
    ///
    /// # Errors
    /// `Invalid` for other characters, and for the name of a built-in role.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_name = (1..=ROLE_NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        let is_built_in = text == "custom" || text.parse::<crate::Role>().is_ok();
        if is_name && !is_built_in {
            return Ok(Self(text.to_owned()));
        }
        let reason =
            "it has 1 to 40 lower-case letters, digits and hyphens, and is no built-in role";
        Err(AuthError::new(
            AuthErrorKind::Invalid,
            "name the role",
            reason,
        ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role that a tenant made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its name within the tenant.
    pub name: RoleName,
    /// What it allows.
    pub permissions: Permissions,
}

/// Keeps tenants and their roles.
///
/// What an implementation owes its callers, and `testing::tenant_store` checks: durable answers that
/// every later call sees; a verb with a tenant touches that tenant only; a role that somebody holds
/// is not deleted; with a tenant goes everything of it, and every account that has no other; of
/// members that come at the same time, no more get in than the tenant's limit has room for.
#[async_trait]
pub trait TenantStore: Send + Sync {
    /// Makes a tenant.
    ///
    /// # Errors
    /// `Conflict` when the id is taken.
    async fn create(&self, tenant: &Tenant) -> Result<(), AuthError>;

    /// The tenant with this id.
    async fn get(&self, tenant: &TenantId) -> Result<Option<Tenant>, AuthError>;

    /// The tenants, ordered by id.
    async fn list(&self, page: Page<'_, TenantId>) -> Result<Vec<Tenant>, AuthError>;

    /// Sets whether its members may come in; `false` when it is absent.
    async fn set_state(&self, tenant: &TenantId, state: TenantState) -> Result<bool, AuthError>;

    /// Sets what it may use up, and the plan that says so; `false` when it is absent. Who is a member
    /// stays one, however few there may be.
    async fn set_limits(
        &self,
        tenant: &TenantId,
        limits: &TenantLimits,
        plan: Option<&PlanName>,
    ) -> Result<bool, AuthError>;

    /// Sets what every tenant of the plan may use up.
    async fn set_plan(&self, plan: &PlanName, limits: &TenantLimits) -> Result<(), AuthError>;

    /// How many members it has, disabled ones too.
    async fn members(&self, tenant: &TenantId) -> Result<u64, AuthError>;

    /// Deletes the tenant and all that this crate keeps of it, its audit log too; `false` when it
    /// is absent.
    async fn delete(&self, tenant: &TenantId) -> Result<bool, AuthError>;

    /// The roles of the tenant, ordered by name.
    async fn roles(&self, tenant: &TenantId) -> Result<Vec<CustomRole>, AuthError>;

    /// Keeps a role, in place of one of the same name.
    async fn put_role(&self, tenant: &TenantId, role: &CustomRole) -> Result<(), AuthError>;

    /// Keeps a role in place of what was `seen` under its name, a role or nothing, in one step;
    /// `false` when something else is there.
    async fn replace_role(
        &self,
        tenant: &TenantId,
        seen: Option<&CustomRole>,
        role: &CustomRole,
    ) -> Result<bool, AuthError>;

    /// Deletes a role; `false` when it is absent.
    ///
    /// # Errors
    /// `Conflict` while somebody holds it.
    async fn delete_role(&self, tenant: &TenantId, role: &RoleName) -> Result<bool, AuthError>;
}
