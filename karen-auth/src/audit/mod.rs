//! The audit log: what happened to accounts, in a chain that shows every change.

mod chain;
mod checkpoint;
mod format;
mod sql;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use async_trait::async_trait;

pub use chain::AuditChain;
pub use checkpoint::AuditCheckpoint;
pub(crate) use checkpoint::CheckpointSigner;
pub use format::AuditFormat;
pub use sql::SqlAuditLog;

use crate::{AccountId, AuthError, AuthErrorKind, TenantId};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }

        impl AuditAction {
            /// Every action.
            pub const ALL: &'static [AuditAction] = &[$(AuditAction::$name,)*];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(AuditAction::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    /// The first account was created.
    SetUp => "setup",
    /// An account was created, by itself or by another.
    AccountCreated => "account.created",
    /// A directory changed the email or the name of an account.
    AccountChanged => "account.changed",
    /// An account was disabled.
    AccountDisabled => "account.disabled",
    /// An account was enabled again.
    AccountEnabled => "account.enabled",
    /// Somebody logged in, or tried to.
    LogIn => "login",
    /// A session was ended by its owner.
    LogOut => "logout",
    /// All sessions of an account were ended by their owner.
    LogOutEverywhere => "logout.everywhere",
    /// A refresh token came back that an honest client no longer has; the session was ended.
    RefreshReuse => "refresh.reuse",
    /// A password was changed, or somebody tried to.
    PasswordChanged => "password.changed",
    /// An API key was made.
    ApiKeyCreated => "api_key.created",
    /// An API key was ended.
    ApiKeyRevoked => "api_key.revoked",
    /// What may be used up with an API key was set.
    ApiKeyLimited => "api_key.limited",
    /// Somebody showed their credentials again, or tried to.
    Reauthenticated => "reauthenticated",
    /// An account got a second factor.
    SecondFactorAdded => "second_factor.added",
    /// An account lost its second factor.
    SecondFactorRemoved => "second_factor.removed",
    /// An account got new recovery codes.
    RecoveryCodesRenewed => "recovery_codes.renewed",
    /// An account was linked with an identity at a provider.
    Linked => "link.added",
    /// Such a link was ended.
    Unlinked => "link.removed",
    /// An account got a passkey.
    PasskeyAdded => "passkey.added",
    /// An account lost a passkey.
    PasskeyRemoved => "passkey.removed",
    /// A passkey was refused whose counter went back: somebody has a copy of it.
    PasskeyCopied => "passkey.copied",
    /// A password was set by way of a mail.
    PasswordReset => "password.reset",
    /// A second factor was removed by way of a mail, or somebody tried to.
    Recovered => "recovered",
    /// The owner of an account has shown that an address is theirs.
    EmailVerified => "email.verified",
    /// Somebody was invited; the subject is the role.
    Invited => "invitation.sent",
    /// An invitation was made void.
    InvitationRevoked => "invitation.revoked",
    /// Somebody accepted an invitation of the actor.
    InvitationAccepted => "invitation.accepted",
    /// A tenant was made.
    TenantCreated => "tenant.created",
    /// What a tenant may use up was set.
    TenantLimited => "tenant.limited",
    /// A tenant was suspended.
    TenantSuspended => "tenant.suspended",
    /// The members of a suspended tenant were let in again.
    TenantResumed => "tenant.resumed",
    /// A tenant was deleted.
    TenantDeleted => "tenant.deleted",
    /// A member was taken out of the tenant.
    MemberRemoved => "member.removed",
    /// An account got another role.
    RoleAssigned => "role.assigned",
    /// Somebody asked for everything that is kept of an account or a tenant, to take it along.
    DataExported => "data.exported",
    /// Somebody asked that everything be erased that is kept of an account or a tenant.
    ErasureBegun => "erasure.begun",
    /// Everything that was kept of an account or a tenant is erased.
    Erased => "erased",
    /// A role of the tenant's own was made or changed.
    RoleChanged => "role.changed",
    /// A role of the tenant's own was deleted.
    RoleDeleted => "role.deleted",
    /// The owner of the data acted for an account, by a command on the machine.
    ActedFor => "acted_for",
    /// Access tokens are signed with a new key.
    SigningKeyRotated => "signing_key.rotated",
}

impl FromStr for AuditAction {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let named = Self::ALL.iter().find(|action| action.as_str() == text);
        named.copied().ok_or_else(|| {
            let reason = "no action has this name";
            AuthError::new(AuthErrorKind::Invalid, "read an audit action", reason)
        })
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was allowed.
    Allowed,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }
}

/// One thing that happened. It holds ids and addresses, never a secret or what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// The tenant whose log it belongs to.
    pub tenant: TenantId,
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// What was done.
    pub action: AuditAction,
    /// How it went.
    pub outcome: Outcome,
    /// Who did it; `None` where nobody is known by that name.
    pub actor: Option<AccountId>,
    /// The id of what it was done to.
    pub subject: Option<String>,
    /// Where from.
    pub address: Option<IpAddr>,
}

/// An event in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts from 1 within the tenant, without gaps.
    pub seq: u64,
    /// What happened.
    pub event: AuditEvent,
    /// SHA-256 over the hash before it and this event.
    pub hash: [u8; 32],
}

/// Keeps audit logs, one chain a tenant.
///
/// What an implementation owes its callers, and `testing::audit_log` checks: an entry that was
/// answered is durable; entries are numbered from 1 without gaps, also when many append at the same
/// time; each carries the hash that [`AuditChain`] expects; the logs of two tenants do not touch;
/// a log that was cut at a checkpoint goes on from there.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends an event to its tenant's log.
    async fn append(&self, event: &AuditEvent) -> Result<AuditEntry, AuthError>;

    /// Up to `limit` entries whose number is above `after`, in order.
    async fn list(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError>;

    /// As [`list`](Self::list), of the entries whose actor or subject is `account`.
    async fn about(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError>;

    /// The number of the last entry before the first that is not older than `before_ms`; `None` when
    /// there is none so old.
    async fn last_before(
        &self,
        tenant: &TenantId,
        before_ms: i64,
    ) -> Result<Option<u64>, AuthError>;

    /// Deletes the entries up to the checkpoint, and keeps the checkpoint in their place.
    async fn cut(&self, checkpoint: &AuditCheckpoint) -> Result<(), AuthError>;

    /// Where the log was last cut; `None` for one that is there from its beginning.
    async fn begins_after(&self, tenant: &TenantId) -> Result<Option<AuditCheckpoint>, AuthError>;
}
