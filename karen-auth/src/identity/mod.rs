//! Who exists: tenants, accounts and their memberships.

mod sql;

use std::fmt;

use async_trait::async_trait;

pub use sql::SqlIdentityStore;

use crate::{Account, AccountId, AccountState, AuthError, Email, Page, TenantId, TokenHash};

/// An account with what only this crate may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account, seen from one tenant.
    pub account: Account,
    /// The password's hash, a PHC string.
    pub password: String,
    /// Counts how often every token of the account was ended at once.
    pub epoch: i64,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("account", &self.account.id)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
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
    /// `Conflict` when its email is taken.
    async fn create(&self, identity: &Identity) -> Result<(), AuthError>;

    /// The account with this email, seen from the tenant that it joined first.
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

    /// Replaces the hash `from` by `to`; `false` when the account keeps another hash, or is absent.
    async fn set_password(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        from: &str,
        to: &str,
    ) -> Result<bool, AuthError>;

    /// Sets whether the account may log in to the tenant; `false` when it is absent.
    async fn set_state(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        state: AccountState,
    ) -> Result<bool, AuthError>;

    /// Raises the account's epoch by one; `false` when it is absent.
    async fn raise_epoch(&self, tenant: &TenantId, account: &AccountId) -> Result<bool, AuthError>;
}
