//! Second factors: what an account shows besides its password.

mod sql;

use std::fmt;

use async_trait::async_trait;

pub use sql::SqlFactorStore;

use crate::{AccountId, AuthError, TokenHash};

/// An authenticator as its store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpFactor {
    /// The seed, encrypted under the installation's secret.
    pub sealed: Vec<u8>,
    /// When it was begun, unix milliseconds.
    pub created_at_ms: i64,
    /// When its first code was shown, unix milliseconds. Before that it protects nothing.
    pub confirmed_at_ms: Option<i64>,
    /// The last step whose code was used: that and those before it are void.
    pub last_step: i64,
}

impl fmt::Debug for TotpFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotpFactor")
            .field("confirmed_at_ms", &self.confirmed_at_ms)
            .finish_non_exhaustive()
    }
}

/// The second factor of an account, as its owner may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecondFactor {
    /// Since when there is one, unix milliseconds.
    pub since_ms: i64,
    /// Whether an authenticator shows codes for it.
    pub has_authenticator: bool,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// Keeps authenticators and recovery codes. They belong to an account, from whichever of its
/// tenants it is seen; who calls has the account's id from a membership or a session.
///
/// What an implementation owes its callers, and `testing::factor_store` checks: durable answers that
/// every later call sees; a step is used once and never after a later one, and a recovery code once,
/// also when many try at the same time; a confirmed authenticator is never replaced, only deleted.
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// The account's authenticator.
    async fn totp(&self, account: &AccountId) -> Result<Option<TotpFactor>, AuthError>;

    /// Keeps an authenticator that is not confirmed; `false` when there is one that is.
    async fn begin_totp(&self, account: &AccountId, totp: &TotpFactor) -> Result<bool, AuthError>;

    /// Confirms the authenticator that is kept as `sealed`, with the code of `step`, and keeps
    /// `codes`; `false` when there is no such one to confirm.
    async fn confirm_totp(
        &self,
        account: &AccountId,
        sealed: &[u8],
        step: i64,
        at_ms: i64,
        codes: &[TokenHash],
    ) -> Result<bool, AuthError>;

    /// Uses up the code of `step`; `false` when that step or a later one was used, or there is no
    /// confirmed authenticator.
    async fn use_step(&self, account: &AccountId, step: i64) -> Result<bool, AuthError>;

    /// Deletes the authenticator; `false` when there was none. The codes stay.
    async fn delete_totp(&self, account: &AccountId) -> Result<bool, AuthError>;

    /// Replaces the recovery codes.
    async fn put_codes(&self, account: &AccountId, codes: &[TokenHash]) -> Result<(), AuthError>;

    /// Uses up a recovery code; `false` when the account has no such code.
    async fn use_code(&self, account: &AccountId, code: &TokenHash) -> Result<bool, AuthError>;

    /// How many recovery codes are left.
    async fn codes_left(&self, account: &AccountId) -> Result<u32, AuthError>;

    /// Up to `limit` accounts that have an authenticator and an id above `after`, ordered by id.
    async fn list(
        &self,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, TotpFactor)>, AuthError>;

    /// Replaces how the seed is encrypted; `false` when it is not kept as `from` any more.
    async fn reseal(&self, account: &AccountId, from: &[u8], to: &[u8]) -> Result<bool, AuthError>;
}
