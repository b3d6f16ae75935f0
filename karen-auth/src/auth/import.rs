//! Accounts that come from another program, with the password that their owner knows.

use std::fmt;

use super::Auth;
use super::accounts::require_power_over;
use crate::account::checked_name;
use crate::password::check_foreign;
use crate::{
    Account, AccountId, AccountState, AuditAction, AuthError, Email, Identity, Permission,
    Principal, Role, TenantState,
};

/// An account of another program.
#[derive(Clone)]
pub struct NewImport {
    /// What it logs in with; unique among all accounts.
    pub email: String,
    /// What the person wants to be called; 1 to 100 characters.
    pub name: String,
    /// The hash of the password: bcrypt of cost 4 to 14, or argon2id.
    pub password_hash: String,
}

impl fmt::Debug for NewImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewImport(***)")
    }
}

impl Auth {
    /// Makes an account in the principal's tenant whose password was hashed elsewhere. The hash is
    /// replaced by one of today's at the first login.
    ///
    /// # Errors
    /// `Denied` without `users:write`, or for a role that may do more than the principal; `Conflict`
    /// when the email is taken; `Invalid` for the email, the name, and a hash that is not known or
    /// costs too much to verify.
    pub async fn import_account(
        &self,
        principal: &Principal,
        new: NewImport,
        role: Role,
    ) -> Result<Account, AuthError> {
        principal.require(Permission::UsersWrite)?;
        require_power_over(principal, role)?;
        check_foreign(&new.password_hash)?;
        let identity = Identity {
            account: Account {
                id: AccountId::random(),
                tenant: principal.tenant().clone(),
                email: Email::parse(&new.email)?,
                email_verified_at_ms: None,
                name: checked_name(&new.name)?,
                role,
                custom_role: None,
                state: AccountState::Active,
                created_at_ms: self.now_ms(),
            },
            tenant_state: TenantState::Active,
            password: new.password_hash,
            epoch: 0,
        };
        let subject = identity.account.id.as_str();
        let event = self.event_by(principal, AuditAction::AccountCreated, subject);
        self.shared.ports.audit.append(&event).await?;
        self.shared.ports.identities.create(&identity).await?;
        Ok(identity.account)
    }
}
