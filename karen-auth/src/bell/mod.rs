//! The bell: instances tell one another what they have ended.
//!
//! The stores hold the truth, and an instance that hears nothing finds out by asking them. Whoever
//! hears the bell need not wait for that.

mod in_process;

use std::fmt;

use async_trait::async_trait;
use tokio::sync::mpsc;

pub use in_process::InProcessBell;

use crate::{AccountId, ApiKeyId, AuthError, AuthErrorKind, Principal, SessionId, TenantId};

/// What was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// A session.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// The sessions of an account in a tenant, all but one perhaps.
    Sessions {
        /// The tenant.
        tenant: TenantId,
        /// Whose.
        account: AccountId,
        /// The one that goes on.
        kept: Option<SessionId>,
    },
    /// Everything of an account in a tenant.
    Account {
        /// The tenant.
        tenant: TenantId,
        /// Whose.
        account: AccountId,
    },
    /// Everything of a tenant.
    Tenant(TenantId),
}

/// What somebody who listens hears.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heard {
    /// Something was ended.
    Ended(Ending),
    /// Something may have been, while nothing could be heard.
    Missed,
}

/// Carries endings between the instances of one installation.
///
/// What an implementation owes its callers, and `testing::bell` checks: what is rung after `listen`
/// has answered is heard by everybody who listens, in the order of ringing, or `Missed` is heard in
/// its place. Whoever rings may hear it too.
#[async_trait]
pub trait Bell: Send + Sync {
    /// Tells everybody.
    ///
    /// # Errors
    /// `Unavailable` when nobody was told; they find out by asking the stores.
    async fn ring(&self, ending: &Ending) -> Result<(), AuthError>;

    /// Everything rung from here on, for as long as the receiver is held.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn listen(&self) -> Result<mpsc::UnboundedReceiver<Heard>, AuthError>;
}

impl Ending {
    /// Whether it ends what was shown for `principal`.
    pub(crate) fn covers(&self, principal: &Principal) -> bool {
        let is_of = |tenant: &TenantId, account: &AccountId| {
            principal.tenant() == tenant && principal.account() == account
        };
        match self {
            Self::Session(session) => principal.session() == Some(session),
            Self::ApiKey(key) => principal.api_key() == Some(key),
            Self::Account { tenant, account } => is_of(tenant, account),
            Self::Tenant(tenant) => principal.tenant() == tenant,
            Self::Sessions {
                tenant,
                account,
                kept,
            } => {
                let session = principal.session();
                session.is_some() && session != kept.as_ref() && is_of(tenant, account)
            }
        }
    }

    /// Reads what was displayed.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["session", id] => Ok(Self::Session(SessionId::parse(id)?)),
            ["key", id] => Ok(Self::ApiKey(ApiKeyId::parse(id)?)),
            ["tenant", id] => Ok(Self::Tenant(TenantId::parse(id)?)),
            ["account", tenant, account] => Ok(Self::Account {
                tenant: TenantId::parse(tenant)?,
                account: AccountId::parse(account)?,
            }),
            ["sessions", tenant, account, ref kept @ ..] => Ok(Self::Sessions {
                tenant: TenantId::parse(tenant)?,
                account: AccountId::parse(account)?,
                kept: kept.first().map(|id| SessionId::parse(id)).transpose()?,
            }),
            _ => {
                let reason = "it is none that an instance tells of";
                let operation = "read what was ended";
                Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session {id}"),
            Self::ApiKey(id) => write!(f, "key {id}"),
            Self::Tenant(id) => write!(f, "tenant {id}"),
            Self::Account { tenant, account } => write!(f, "account {tenant} {account}"),
            Self::Sessions {
                tenant,
                account,
                kept,
            } => {
                write!(f, "sessions {tenant} {account}")?;
                kept.as_ref().map_or(Ok(()), |kept| write!(f, " {kept}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_survives_as_text() {
        let (tenant, account) = (TenantId::random(), AccountId::random());
        let sessions = |kept| Ending::Sessions {
            tenant: TenantId::default(),
            account: account.clone(),
            kept,
        };
        for ending in [
            Ending::Session(SessionId::random()),
            Ending::ApiKey(ApiKeyId::random()),
            Ending::Tenant(tenant.clone()),
            sessions(None),
            sessions(Some(SessionId::random())),
            Ending::Account {
                tenant,
                account: account.clone(),
            },
        ] {
            assert_eq!(Ending::parse(&ending.to_string()).expect("read"), ending);
        }
        for text in ["", "session", "session ses_1", "tenant x y", "world"] {
            assert!(Ending::parse(text).is_err(), "{text}");
        }
    }
}
