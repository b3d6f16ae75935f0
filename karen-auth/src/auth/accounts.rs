//! Creating, listing and disabling accounts.

use super::{Auth, Registration};
use crate::account::checked_name;
use crate::password::Password;
use crate::{
    Account, AccountId, AccountState, AuditAction, AuthError, AuthErrorKind, Device, Email,
    Identity, NewAccount, Page, Permission, Permissions, Principal, Role, SignedIn, TenantId,
    TenantState,
};

impl Auth {
    /// Makes an account for whoever asks, a member of the tenant `default`, and logs it in.
    ///
    /// # Errors
    /// `Denied` while registration is closed; `Conflict` when the email is taken; `Invalid` for an
    /// email, a name or a password that will not do; `RateLimited` after many from one address.
    pub async fn register(
        &self,
        account: NewAccount,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        self.require_open_registration()?;
        self.shared.throttle.register(device.address).await?;
        let tenant = TenantId::default();
        let identity = self.new_identity(account, tenant, Role::Member).await?;
        let event = self.event(&identity.account, AuditAction::AccountCreated, &device);
        self.shared.ports.audit.append(&event).await?;
        self.shared.ports.identities.create(&identity).await?;
        self.open_session(identity.account, identity.epoch, device)
            .await
    }

    pub(super) fn require_open_registration(&self) -> Result<(), AuthError> {
        match self.shared.registration {
            Registration::Open => Ok(()),
            Registration::Closed => {
                let reason = "registration is closed: ask an administrator for an account";
                Err(AuthError::new(AuthErrorKind::Denied, "register", reason))
            }
        }
    }

    /// Makes an account in the principal's tenant.
    ///
    /// # Errors
    /// `Denied` without `users:write`, or for a role that may do more than the principal; else as
    /// [`register`](Self::register).
    pub async fn create_account(
        &self,
        principal: &Principal,
        account: NewAccount,
        role: Role,
    ) -> Result<Account, AuthError> {
        principal.require(Permission::UsersWrite)?;
        require_power_over(principal, role)?;
        let tenant = principal.tenant().clone();
        let identity = self.new_identity(account, tenant, role).await?;
        let subject = identity.account.id.as_str();
        let event = self.event_by(principal, AuditAction::AccountCreated, subject);
        self.shared.ports.audit.append(&event).await?;
        self.shared.ports.identities.create(&identity).await?;
        Ok(identity.account)
    }

    /// The principal's own account.
    ///
    /// # Errors
    /// `NotFound` for [`Principal::local`], which has none.
    pub async fn own_account(&self, principal: &Principal) -> Result<Account, AuthError> {
        Ok(self.own_identity(principal).await?.account)
    }

    /// The accounts of the principal's tenant, ordered by id.
    ///
    /// # Errors
    /// `Denied` without `users:read`.
    pub async fn accounts(
        &self,
        principal: &Principal,
        page: Page<'_, AccountId>,
    ) -> Result<Vec<Account>, AuthError> {
        principal.require(Permission::UsersRead)?;
        self.shared
            .ports
            .identities
            .list(principal.tenant(), page)
            .await
    }

    /// One account of the principal's tenant.
    ///
    /// # Errors
    /// `Denied` without `users:read`; `NotFound`.
    pub async fn account(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<Account, AuthError> {
        principal.require(Permission::UsersRead)?;
        let identities = &self.shared.ports.identities;
        let identity = identities.get(principal.tenant(), account).await?;
        identity.map(|i| i.account).ok_or_else(no_account)
    }

    /// Shuts an account out of the tenant: sessions, tokens and keys are dead at once.
    ///
    /// # Errors
    /// `Denied` without `users:write`, or for an account that may do more than the principal;
    /// `Conflict` for one's own; `NotFound`.
    pub async fn disable_account(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        self.set_account_state(principal, account, AccountState::Disabled)
            .await?;
        self.end_membership_sessions(principal.tenant(), account)
            .await?;
        let action = AuditAction::AccountDisabled;
        let event = self.event_by(principal, action, account.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Ends the sessions and the tokens of an account that is shut out of `tenant`.
    pub(super) async fn end_membership_sessions(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        let ports = &self.shared.ports;
        ports.identities.raise_epoch(tenant, account).await?;
        ports.sessions.delete_all(tenant, account, None).await?;
        self.shared.live.end_account(tenant, account);
        Ok(())
    }

    /// Lets a disabled account log in again. Its keys work again, its sessions stay ended.
    ///
    /// # Errors
    /// As [`disable_account`](Self::disable_account).
    pub async fn enable_account(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        let action = AuditAction::AccountEnabled;
        let event = self.event_by(principal, action, account.as_str());
        self.require_manageable(principal, account).await?;
        self.shared.ports.audit.append(&event).await?;
        self.set_account_state(principal, account, AccountState::Active)
            .await
    }

    async fn set_account_state(
        &self,
        principal: &Principal,
        account: &AccountId,
        state: AccountState,
    ) -> Result<(), AuthError> {
        self.require_manageable(principal, account).await?;
        let identities = &self.shared.ports.identities;
        let is_set = identities
            .set_state(principal.tenant(), account, state)
            .await?;
        is_set.then_some(()).ok_or_else(no_account)
    }

    /// An account of the principal's tenant, not its own, and no more powerful than it.
    pub(super) async fn require_manageable(
        &self,
        principal: &Principal,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        principal.require(Permission::UsersWrite)?;
        if account == principal.account() {
            let reason = "this is your own account: ask another administrator";
            return Err(AuthError::new(
                AuthErrorKind::Conflict,
                "change the account",
                reason,
            ));
        }
        let identities = &self.shared.ports.identities;
        let identity = identities.get(principal.tenant(), account).await?;
        let account = identity.ok_or_else(no_account)?.account;
        require_power(principal, account.permissions(), account.role.as_str())
    }

    pub(super) async fn new_identity(
        &self,
        account: NewAccount,
        tenant: TenantId,
        role: Role,
    ) -> Result<Identity, AuthError> {
        let email = Email::parse(&account.email)?;
        let name = checked_name(&account.name)?;
        let password = Password::of(&account.password)?;
        self.check_password(&password, &email, &name, false).await?;
        Ok(Identity {
            account: Account {
                id: AccountId::random(),
                tenant,
                email,
                email_verified_at_ms: None,
                name,
                role,
                custom_role: None,
                state: AccountState::Active,
                created_at_ms: self.now_ms(),
            },
            tenant_state: TenantState::Active,
            password: self.shared.hashing.hash(password).await?,
            epoch: 0,
        })
    }
}

/// Nobody makes or unmakes somebody who may do more than they may.
pub(super) fn require_power_over(principal: &Principal, role: Role) -> Result<(), AuthError> {
    require_power(
        principal,
        role.permissions_in(principal.tenant()),
        role.as_str(),
    )
}

pub(super) fn require_power(
    principal: &Principal,
    permissions: Permissions,
    role: &str,
) -> Result<(), AuthError> {
    require_within(principal.permissions(), permissions, role)
}

/// The same for somebody who may do `power`.
pub(super) fn require_within(
    power: Permissions,
    permissions: Permissions,
    role: &str,
) -> Result<(), AuthError> {
    if permissions.is_subset_of(power) {
        return Ok(());
    }
    let reason = format!("the role {role} may do more than you may");
    Err(AuthError::new(
        AuthErrorKind::Denied,
        "change the account",
        reason,
    ))
}

pub(super) fn no_account() -> AuthError {
    let reason = "there is no such account";
    AuthError::new(AuthErrorKind::NotFound, "change the account", reason)
}
