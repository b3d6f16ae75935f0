//! Tokens that are good once: a step of a login, an invitation, a link in a mail.

mod sql;

use std::fmt;

use async_trait::async_trait;

pub use sql::SqlOneTimeTokenStore;

use crate::{AccountId, AuthError, AuthErrorKind, OneTimeTokenId, TenantId, TokenHash};

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// What a token is good for. A token of one purpose opens nothing else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Purpose {
            $($(#[$doc])* $name,)*
        }

        impl Purpose {
            /// Every purpose.
            pub const ALL: &'static [Purpose] = &[$(Purpose::$name,)*];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Purpose::$name => $text,)*
                }
            }
        }
    };
}

purposes! {
    /// The second step of a login.
    Challenge => "challenge",
    /// Becoming a member of a tenant.
    Invitation => "invitation",
    /// Showing that an address is one's own.
    EmailVerification => "verify",
    /// Choosing a new password.
    PasswordReset => "reset",
    /// Logging in without the second factor.
    Recovery => "recover",
    /// Making a passkey.
    PasskeyCreation => "passkey.create",
    /// Logging in with a passkey.
    PasskeyLogIn => "passkey.login",
    /// Showing a passkey once more.
    PasskeyProof => "passkey.prove",
}

impl Purpose {
    pub(crate) fn parse(text: &str) -> Result<Self, AuthError> {
        let named = Self::ALL.iter().find(|purpose| purpose.as_str() == text);
        named.copied().ok_or_else(|| {
            let reason = "no purpose has this name";
            AuthError::new(
                AuthErrorKind::Invalid,
                "read the purpose of a token",
                reason,
            )
        })
    }
}

/// A token that is good once, without its text.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    /// The id.
    pub id: OneTimeTokenId,
    /// What it is good for.
    pub purpose: Purpose,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// Whom it is for, where that is an account.
    pub account: Option<AccountId>,
    /// What its purpose needs to know, as JSON.
    pub detail: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// The detail may hold an email.
impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeToken")
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// Keeps tokens that are good once, by their hash.
///
/// What an implementation owes its callers, and `testing::one_time_token_store` checks: durable
/// answers that every later call sees; of callers that take one token at the same time, one gets it;
/// no more tries than `tries_max` are counted, however many call at the same time; an expired token
/// and one of another purpose are answered like one that does not exist; a verb with a tenant
/// touches tokens of that tenant only.
#[async_trait]
pub trait OneTimeTokenStore: Send + Sync {
    /// Keeps a token.
    async fn put(&self, token: &OneTimeToken, hash: &TokenHash) -> Result<(), AuthError>;

    /// The token, which stays.
    async fn find(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError>;

    /// Counts a try and answers the token; from the try after `tries_max` on there is none.
    async fn count_try(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        tries_max: u32,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError>;

    /// Takes the token away and answers it.
    async fn take(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
        now_ms: i64,
    ) -> Result<Option<OneTimeToken>, AuthError>;

    /// The tokens of the tenant, the oldest first.
    async fn list(
        &self,
        tenant: &TenantId,
        purpose: Purpose,
        now_ms: i64,
    ) -> Result<Vec<OneTimeToken>, AuthError>;

    /// Deletes a token; `false` when it is absent.
    async fn delete(
        &self,
        tenant: &TenantId,
        purpose: Purpose,
        id: &OneTimeTokenId,
    ) -> Result<bool, AuthError>;

    /// Deletes the account's tokens for `purpose`; answers how many.
    async fn delete_of(&self, account: &AccountId, purpose: Purpose) -> Result<u64, AuthError>;

    /// Deletes, in every tenant, what has expired; answers how many.
    async fn delete_expired(&self, now_ms: i64) -> Result<u64, AuthError>;
}
