//! Links: which account somebody is whom a provider names.

mod sql;

use async_trait::async_trait;

pub use sql::SqlLinkStore;

use crate::{AccountId, AuthError};

/// Somebody as a provider knows them. Nothing else makes two of them one: an address may change
/// hands (OpenID Connect Core 1.0, section 5.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignIdentity {
    /// The provider's issuer.
    pub issuer: String,
    /// What the provider calls them, for ever.
    pub subject: String,
}

/// A foreign identity that signs an account in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The provider's issuer.
    pub issuer: String,
    /// Since when, unix milliseconds.
    pub since_ms: i64,
}

/// Keeps links. They belong to an account, from whichever of its tenants it is seen.
///
/// What an implementation owes its callers, and `testing::link_store` checks: durable answers that
/// every later call sees; an identity belongs to one account, also when many link it at the same
/// time; an account has one identity of an issuer.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// The account that an identity belongs to.
    async fn find(&self, identity: &ForeignIdentity) -> Result<Option<AccountId>, AuthError>;

    /// Links an identity to an account; `false` when it, or another of the same issuer, is linked
    /// already.
    async fn insert(
        &self,
        identity: &ForeignIdentity,
        account: &AccountId,
        at_ms: i64,
    ) -> Result<bool, AuthError>;

    /// The links of an account, ordered by issuer.
    async fn list(&self, account: &AccountId) -> Result<Vec<Link>, AuthError>;

    /// Ends an account's link with an issuer; `false` when there is none.
    async fn delete(&self, account: &AccountId, issuer: &str) -> Result<bool, AuthError>;
}
