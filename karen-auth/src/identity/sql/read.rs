//! Members, as their rows say.

use sqlx::any::AnyRow;

use crate::stored::{damaged, parsed, parsed_if_any, value};
use crate::{
    Account, AccountId, AccountState, AuthError, CustomRole, Email, Identity, Permissions, Role,
    RoleName, TenantId, TenantState,
};

/// Members with all that is to be known of them. A tenant without a row is active.
macro_rules! members {
    ($rest:literal) => {
        concat!(
            "SELECT m.tenant, m.role, m.custom_role, m.state, a.id, a.email, a.email_verified_at,
                    a.name, a.password, a.epoch, a.created_at,
                    COALESCE(t.state, 'active') AS tenant_state, r.permissions AS custom_permissions
             FROM auth_accounts a JOIN auth_memberships m ON m.account = a.id
             LEFT JOIN auth_tenants t ON t.id = m.tenant
             LEFT JOIN auth_roles r ON r.tenant = m.tenant AND r.name = m.custom_role ",
            $rest
        )
    };
}
pub(super) use members;

pub(super) fn identity(row: &AnyRow) -> Result<Identity, AuthError> {
    Ok(Identity {
        account: account(row)?,
        tenant_state: parsed(row, "tenant_state", TenantState::parse)?,
        password: value(row, "password")?,
        epoch: value(row, "epoch")?,
    })
}

pub(super) fn account(row: &AnyRow) -> Result<Account, AuthError> {
    Ok(Account {
        id: parsed(row, "id", AccountId::parse)?,
        tenant: parsed(row, "tenant", TenantId::parse)?,
        email: Email::stored(value(row, "email")?),
        email_verified_at_ms: value(row, "email_verified_at")?,
        name: value(row, "name")?,
        role: parsed(row, "role", role)?,
        custom_role: custom_role(row)?,
        state: parsed(row, "state", state)?,
        created_at_ms: value(row, "created_at")?,
    })
}

fn role(text: &str) -> Result<Role, AuthError> {
    match text == Role::Custom.as_str() {
        true => Ok(Role::Custom),
        false => text.parse(),
    }
}

/// A role that is gone allows nothing.
fn custom_role(row: &AnyRow) -> Result<Option<CustomRole>, AuthError> {
    let Some(name) = parsed_if_any(row, "custom_role", RoleName::parse)? else {
        return Ok(None);
    };
    let permissions = parsed_if_any(row, "custom_permissions", str::parse::<Permissions>)?;
    Ok(Some(CustomRole {
        name,
        permissions: permissions.unwrap_or_default(),
    }))
}

fn state(text: &str) -> Result<AccountState, AuthError> {
    [AccountState::Active, AccountState::Disabled]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| damaged("state"))
}
