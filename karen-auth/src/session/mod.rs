//! Sessions: which devices have logged in, and how their tokens are refreshed.

mod sql;

use std::fmt;

use async_trait::async_trait;

pub use sql::SqlSessionStore;

use crate::{AccountId, AuthError, Device, SessionId, TenantId};

/// A session as its store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The tenant that it reaches.
    pub tenant: TenantId,
    /// Who logged in.
    pub account: AccountId,
    /// Authenticates the session's refresh tokens.
    pub key: SessionKey,
    /// The counter of the refresh token that is to be used next.
    pub counter: u64,
    /// Where from.
    pub device: Device,
    /// When somebody logged in, unix milliseconds.
    pub created_at_ms: i64,
    /// When its owner last showed the password, and the second factor if there is one; unix
    /// milliseconds.
    pub authenticated_at_ms: i64,
    /// When the counter last moved, unix milliseconds.
    pub refreshed_at_ms: i64,
    /// When it ends however much it is used, unix milliseconds.
    pub expires_at_ms: i64,
}

/// The secret part of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// A fresh key.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The key that a store kept.
    #[must_use]
    pub fn stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for the store.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// A session as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The id, for [`Auth::revoke_session`](crate::Auth::revoke_session).
    pub id: SessionId,
    /// Where from.
    pub device: Device,
    /// When somebody logged in, unix milliseconds.
    pub created_at_ms: i64,
    /// When it last fetched an access token, unix milliseconds.
    pub refreshed_at_ms: i64,
    /// When it ends however much it is used, unix milliseconds.
    pub expires_at_ms: i64,
    /// Whether it is the one that is asking.
    pub is_current: bool,
}

/// Keeps sessions. A session that is absent is dead.
///
/// What an implementation owes its callers, and `testing::session_store` checks:
/// - a change that was answered is durable, and every later call sees it: a deleted session never
///   comes back;
/// - a verb with a tenant touches sessions of that tenant only; an id of another tenant, or of
///   another account where one is named, is answered like one that does not exist;
/// - `find` is the one verb without a tenant, because a refresh token has none;
/// - of callers that step one counter from the same value at the same time, one succeeds.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Keeps a new session.
    async fn insert(&self, session: &Session) -> Result<(), AuthError>;

    /// The session with this id.
    async fn find(&self, session: &SessionId) -> Result<Option<Session>, AuthError>;

    /// The sessions of the account, newest first.
    async fn list(&self, tenant: &TenantId, account: &AccountId)
    -> Result<Vec<Session>, AuthError>;

    /// Steps the counter from `from` to `from + 1` and marks the time; `false` when the counter
    /// does not stand at `from`, or the session is absent.
    async fn advance(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        from: u64,
        at_ms: i64,
    ) -> Result<bool, AuthError>;

    /// Marks that the owner has shown its credentials; `false` when the session is absent.
    async fn set_authenticated(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        at_ms: i64,
    ) -> Result<bool, AuthError>;

    /// Calls the session's device `name` from here on; `false` when the session is absent.
    async fn rename(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        session: &SessionId,
        name: &str,
    ) -> Result<bool, AuthError>;

    /// Ends the session; `false` when it is absent.
    async fn delete(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        session: &SessionId,
    ) -> Result<bool, AuthError>;

    /// Ends the account's sessions in the tenant, all but `kept`; answers how many.
    async fn delete_all(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        kept: Option<&SessionId>,
    ) -> Result<u64, AuthError>;

    /// Deletes, in every tenant, what expired before `now_ms`; answers how many.
    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError>;
}
