//! Who exists: tenants, accounts and their memberships.

mod sql;

use std::fmt;

use async_trait::async_trait;

pub use sql::SqlIdentityStore;

use crate::{
    Account, AccountId, AccountState, AuthError, Email, Page, Role, RoleName, TenantId,
    TenantState, TokenHash,
};

/// An account with what only this crate may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, seen from one tenant.
    pub account: Account,
    /// Whether the members of the tenant may come in.
    pub tenant_state: TenantState,
    /// The password's hash, a PHC string.
    pub password: String,
    /// Counts how often every token of the account was ended at once.
    pub epoch: i64,
}

impl Identity {
    /// Whether the account may come in, and its tenant is not suspended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.account.state == AccountState::Active && self.tenant_state == TenantState::Active
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("account", &self.account.id)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// A new password. The hash of the same password at another cost is no change.
#[derive(Clone, Copy)]
pub struct PasswordChange<'a> {
    /// The hash that is kept.
    pub from: &'a str,
    /// The hash to keep.
    pub to: &'a str,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// How many replaced hashes are remembered, this one included; those before are forgotten.
    pub remembered: u32,
}

impl fmt::Debug for PasswordChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordChange(***)")
    }
}

/// Keeps tenants and accounts.
///
/// What an implementation owes its callers, and `testing::identity_store` checks:
/// - a change that was answered is durable, and every later call sees it;
/// - a verb with a tenant touches members of that tenant only; an id of another tenant is answered
///   like one that does not exist;
/// - `find_by_email` is the one verb without a tenant, because a login has none yet;
/// - of callers at the same time, one creates the first account, one creates an account with a
///   given email, and one changes a given password.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Makes the tenant if it is absent; otherwise changes nothing.
    async fn put_tenant(&self, tenant: &TenantId, name: &str, at_ms: i64) -> Result<(), AuthError>;

    /// Whether there is no account at all.
    async fn is_empty(&self) -> Result<bool, AuthError>;

    /// Keeps the hash of the setup token; the one before it is void.
    async fn put_setup(&self, hash: &TokenHash, at_ms: i64) -> Result<(), AuthError>;

    /// Creates the first account and voids the setup token, both or neither.
    ///
    /// # Errors
    /// `Conflict` when there is an account; `Unauthenticated` when the hash is not the one kept.
    async fn create_first(&self, setup: &TokenHash, identity: &Identity) -> Result<(), AuthError>;

    /// Creates an account.
    ///
    /// # Errors
    /// `Conflict` when its email is taken; `Quota` when the tenant has as many members as it may.
    async fn create(&self, identity: &Identity) -> Result<(), AuthError>;

    /// The account with this email, seen from the tenant that it joined first among those that it
    /// may come into, or among all when there is none.
    async fn find_by_email(&self, email: &Email) -> Result<Option<Identity>, AuthError>;

    /// The account with this id.
    async fn get(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<Option<Identity>, AuthError>;

    /// The accounts of the tenant, ordered by id.
    async fn list(
        &self,
        tenant: &TenantId,
        page: Page<'_, AccountId>,
    ) -> Result<Vec<Account>, AuthError>;

    /// How many accounts the tenant has.
    async fn count(&self, tenant: &TenantId) -> Result<u64, AuthError>;

    /// Up to `limit` accounts of the tenant, ordered by id, after the first `skipped`.
    async fn list_from(
        &self,
        tenant: &TenantId,
        skipped: u32,
        limit: u32,
    ) -> Result<Vec<Account>, AuthError>;

    /// Replaces the hash `from` by `to`; `false` when the account keeps another hash, or is absent.
    async fn set_password(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        from: &str,
        to: &str,
    ) -> Result<bool, AuthError>;

    /// Replaces the hash `change.from` by `change.to` and remembers the former; `false` when the
    /// account keeps another hash, or is absent.
    async fn replace_password(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        change: PasswordChange<'_>,
    ) -> Result<bool, AuthError>;

    /// The last `limit` hashes that were replaced, newest first.
    async fn earlier_passwords(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<String>, AuthError>;

    /// Replaces the address `from` by `to`, which was shown to be the owner's; `false` when the
    /// account has another address, or is absent.
    ///
    /// # Errors
    /// `Conflict` when another account has the address.
    async fn set_email(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        from: &Email,
        to: &Email,
        verified_at_ms: i64,
    ) -> Result<bool, AuthError>;

    /// Gives the account the address `email` and the name `name` if its own are still those that were
    /// `seen`, in one step; `false` when they are not. Another address is not verified.
    ///
    /// # Errors
    /// `Conflict` when another account has the address.
    async fn rewrite(&self, seen: &Account, email: &Email, name: &str) -> Result<bool, AuthError>;

    /// Makes an account that exists a member of `account.tenant`.
    ///
    /// # Errors
    /// `Conflict` for a member; `Quota` when the tenant has as many members as it may.
    async fn join(&self, account: &Account) -> Result<(), AuthError>;

    /// The tenants that the account is a member of, in the order of joining. Without a tenant, like
    /// `find_by_email`: it is how an account ends its sessions everywhere.
    async fn tenants_of(&self, account: &AccountId) -> Result<Vec<TenantId>, AuthError>;

    /// Sets whether the account may log in to the tenant; `false` when it is absent.
    async fn set_state(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        state: AccountState,
    ) -> Result<bool, AuthError>;

    /// Sets the role within the tenant, with the name of the tenant's own role for
    /// [`Role::Custom`]; `false` when the account is absent.
    async fn set_role(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        role: Role,
        custom: Option<&RoleName>,
    ) -> Result<bool, AuthError>;

    /// The same if the account is still as it was `seen`, in one step; `false` when it is not.
    async fn change_role(
        &self,
        seen: &Account,
        role: Role,
        custom: Option<&RoleName>,
    ) -> Result<bool, AuthError>;

    /// Ends the membership with its sessions and keys, and deletes an account that has no other;
    /// `false` when it is absent.
    async fn leave(&self, tenant: &TenantId, account: &AccountId) -> Result<bool, AuthError>;

    /// Raises the account's epoch by one; `false` when it is absent.
    async fn raise_epoch(&self, tenant: &TenantId, account: &AccountId) -> Result<bool, AuthError>;
}
