//! API keys: what programs show instead of a session.

mod sql;

use async_trait::async_trait;

pub use sql::SqlApiKeyStore;

use crate::{AccountId, ApiKeyId, AuthError, Permissions, TenantId, TokenHash, UseLimits};

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The id, for [`Auth::revoke_api_key`](crate::Auth::revoke_api_key).
    pub id: ApiKeyId,
    /// The tenant that it reaches.
    pub tenant: TenantId,
    /// Whose key it is.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// How its text begins, to tell keys apart.
    pub prefix: String,
    /// What it allows at most; never more than its owner's role.
    pub permissions: Permissions,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was last shown, to the minute; unix milliseconds.
    pub last_used_at_ms: Option<i64>,
    /// When it ends; unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// What may be used up with it.
    pub limits: UseLimits,
}

/// Keeps API keys, by the hash of their secret. A key that is absent is dead.
///
/// What an implementation owes its callers, and `testing::api_key_store` checks: durable answers
/// that every later call sees; a deleted key never comes back; an id of another tenant or account
/// is answered like one that does not exist; `find` is the one verb without a tenant, because a
/// key is how a tenant is found.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Keeps a new key.
    async fn insert(&self, key: &ApiKey, hash: &TokenHash) -> Result<(), AuthError>;

    /// The key with this hash.
    async fn find(&self, hash: &TokenHash) -> Result<Option<ApiKey>, AuthError>;

    /// The keys of the account, newest first.
    async fn list(&self, tenant: &TenantId, account: &AccountId) -> Result<Vec<ApiKey>, AuthError>;

    /// Marks the time of use; changes nothing when the key is absent.
    async fn touch(&self, tenant: &TenantId, key: &ApiKeyId, at_ms: i64) -> Result<(), AuthError>;

    /// What may be used up with the key; `None` when it is absent.
    async fn limits(
        &self,
        tenant: &TenantId,
        key: &ApiKeyId,
    ) -> Result<Option<UseLimits>, AuthError>;

    /// Replaces what may be used up with the key; `false` when it is absent.
    async fn set_limits(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        key: &ApiKeyId,
        limits: &UseLimits,
    ) -> Result<bool, AuthError>;

    /// Ends the key; `false` when it is absent.
    async fn delete(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        key: &ApiKeyId,
    ) -> Result<bool, AuthError>;
}
