//! Accounts as a directory keeps them: an operator's other program makes, changes, disables and
//! deletes them.

use super::Auth;
use super::accounts::{no_account, require_within};
use crate::account::checked_name;
use crate::password::Password;
use crate::token::draw;
use crate::{
    Account, AccountId, AccountState, AuditAction, AuthError, AuthErrorKind, Email, Identity,
    Permission, Permissions, Principal, Purpose, Role, TenantState,
};

/// What a directory says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// What the account logs in with; unique among all accounts.
    pub email: Email,
    /// What the person wants to be called; 1 to 100 characters.
    pub name: String,
    /// Whether it may log in.
    pub state: AccountState,
}

/// The accounts of one tenant, in the hands of a principal with `users:provision`.
///
/// A key that allows nothing else is enough: what its owner may do at this moment decides whom it
/// reaches, so that nobody makes or unmakes somebody who may do more than they may.
pub struct Directory<'a> {
    auth: &'a Auth,
    principal: &'a Principal,
    power: Permissions,
}

impl Auth {
    /// The accounts of the principal's tenant, as a directory keeps them.
    ///
    /// # Errors
    /// `Denied` without `users:provision`; what the store reports.
    pub async fn directory<'a>(
        &'a self,
        principal: &'a Principal,
    ) -> Result<Directory<'a>, AuthError> {
        principal.require(Permission::UsersProvision)?;
        let power = match principal.is_owner() {
            true => principal.permissions(),
            false => self.own_account(principal).await?.permissions(),
        };
        Ok(Directory {
            auth: self,
            principal,
            power,
        })
    }
}

impl Directory<'_> {
    /// One account.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, account: &AccountId) -> Result<Account, AuthError> {
        let identities = &self.auth.shared.ports.identities;
        let identity = identities.get(self.principal.tenant(), account).await?;
        identity.map(|i| i.account).ok_or_else(no_account)
    }

    /// The account that logs in with `email`, if it is a member of the tenant.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn find(&self, email: &Email) -> Result<Option<Account>, AuthError> {
        let identities = &self.auth.shared.ports.identities;
        let Some(found) = identities.find_by_email(email).await? else {
            return Ok(None);
        };
        let id = &found.account.id;
        let member = identities.get(self.principal.tenant(), id).await?;
        Ok(member.map(|identity| identity.account))
    }

    /// Up to `limit` (1 to 200) accounts ordered by id, after the first `skipped`; and how many there
    /// are in all.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn list(&self, skipped: u32, limit: u32) -> Result<(Vec<Account>, u64), AuthError> {
        let (tenant, identities) = (self.principal.tenant(), &self.auth.shared.ports.identities);
        let total = identities.count(tenant).await?;
        let page = identities.list_from(tenant, skipped, limit.clamp(1, 200));
        Ok((page.await?, total))
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn count(&self) -> Result<u64, AuthError> {
        let identities = &self.auth.shared.ports.identities;
        identities.count(self.principal.tenant()).await
    }

    /// Makes an account, a member, with a password that nobody knows: its owner chooses one by way
    /// of a mail ([`Auth::request_password_reset`]).
    ///
    /// # Errors
    /// `Conflict` when the email is taken; `Invalid` for the name; `Denied` for an owner who may do
    /// less than a member.
    pub async fn create(&self, entry: DirectoryEntry) -> Result<Account, AuthError> {
        let (auth, principal) = (self.auth, self.principal);
        let (tenant, role) = (principal.tenant(), Role::Member);
        require_within(self.power, role.permissions_in(tenant), role.as_str())?;
        let account = Account {
            id: AccountId::random(),
            tenant: tenant.clone(),
            email: entry.email,
            email_verified_at_ms: None,
            name: checked_name(&entry.name)?,
            role,
            custom_role: None,
            state: entry.state,
            created_at_ms: auth.now_ms(),
        };
        let unknown = Password::of(&draw(""))?;
        let identity = Identity {
            account,
            tenant_state: TenantState::Active,
            password: auth.shared.hashing.hash(unknown).await?,
            epoch: 0,
        };
        self.record(AuditAction::AccountCreated, &identity.account.id)
            .await?;
        auth.shared.ports.identities.create(&identity).await?;
        Ok(identity.account)
    }

    /// Makes an account what `entry` says, if it is still as it was `seen`. Disabling it ends its
    /// sessions and keys at once; a new address is one that its owner has not confirmed, and makes
    /// every link void that was sent to the former.
    ///
    /// # Errors
    /// `Stale` when it was changed; `Conflict` for the principal's own account, when the email is
    /// taken, and for another email or name of an account that other tenants know too; `Denied` for
    /// an account that may do more than the principal's; `Invalid` for the name; `NotFound`.
    pub async fn change(
        &self,
        seen: &Account,
        entry: DirectoryEntry,
    ) -> Result<Account, AuthError> {
        self.require_reach(&seen.id).await?;
        let name = checked_name(&entry.name)?;
        if entry.email != seen.email || name != seen.name {
            self.rewrite(seen, &entry.email, &name).await?;
        }
        if entry.state != seen.state {
            self.set_state(&seen.id, entry.state).await?;
        }
        self.get(&seen.id).await
    }

    /// Passes when everything that is kept of the account may be erased, here and now. The audit log
    /// tells of it.
    ///
    /// # Errors
    /// `Conflict` for the principal's own account; `Denied` for one that may do more; `NotFound`.
    pub async fn require_erasable(&self, account: &AccountId) -> Result<(), AuthError> {
        self.require_reach(account).await?;
        self.record(AuditAction::ErasureBegun, account).await
    }

    /// An account of the tenant, not the principal's own, and no more powerful than it. So there is
    /// always somebody left who can undo what a directory did.
    async fn require_reach(&self, account: &AccountId) -> Result<(), AuthError> {
        if account == self.principal.account() {
            let reason = "the directory acts for this account: another administrator changes it";
            return Err(refusal(AuthErrorKind::Conflict, reason));
        }
        let account = self.get(account).await?;
        require_within(self.power, account.permissions(), account.role.as_str())
    }

    async fn rewrite(&self, seen: &Account, email: &Email, name: &str) -> Result<(), AuthError> {
        let ports = &self.auth.shared.ports;
        // Whoever sets the address of an account can have its password: that reaches no other tenant.
        if ports.identities.tenants_of(&seen.id).await?.len() > 1 {
            let reason = "other tenants know the account too: its owner changes the email and name";
            return Err(refusal(AuthErrorKind::Conflict, reason));
        }
        self.record(AuditAction::AccountChanged, &seen.id).await?;
        if !ports.identities.rewrite(seen, email, name).await? {
            let reason = "it was changed since you read it: read it again, then change it";
            return Err(refusal(AuthErrorKind::Stale, reason));
        }
        if *email == seen.email {
            return Ok(());
        }
        for purpose in [
            Purpose::PasswordReset,
            Purpose::Recovery,
            Purpose::EmailVerification,
        ] {
            ports.one_time.delete_of(&seen.id, purpose).await?;
        }
        let what = "The email of your account was changed";
        self.auth.notify(&seen.email, what).await
    }

    async fn set_state(&self, account: &AccountId, state: AccountState) -> Result<(), AuthError> {
        let (ports, tenant) = (&self.auth.shared.ports, self.principal.tenant());
        if state == AccountState::Active {
            // What opens a door is written down before.
            self.record(AuditAction::AccountEnabled, account).await?;
        }
        if !ports.identities.set_state(tenant, account, state).await? {
            return Err(no_account());
        }
        if state == AccountState::Active {
            return Ok(());
        }
        self.auth.end_membership_sessions(tenant, account).await?;
        self.record(AuditAction::AccountDisabled, account).await
    }

    async fn record(&self, action: AuditAction, account: &AccountId) -> Result<(), AuthError> {
        let event = self.auth.event_by(self.principal, action, account.as_str());
        self.auth.shared.ports.audit.append(&event).await.map(drop)
    }
}

fn refusal(kind: AuthErrorKind, reason: &'static str) -> AuthError {
    AuthError::new(kind, "change the account", reason)
}
