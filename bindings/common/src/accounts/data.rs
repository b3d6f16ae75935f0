//! What operations on accounts give.

use karen_core::auth;
use serde::{Deserialize, Serialize};

use crate::UsageTotal;

/// An account as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The user's id.
    pub id: String,
    /// The tenant that it is seen from.
    pub tenant: String,
    /// What it signs in with.
    pub email: String,
    /// What the person wants to be called.
    pub name: String,
    /// The role in the tenant, a built-in one or one that the tenant made.
    pub role: String,
    /// `active` or `disabled`.
    pub state: &'static str,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When its owner has shown that they read the address, unix milliseconds.
    pub email_verified_at: Option<i64>,
}

/// What somebody gets who has signed in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignedIn {
    /// Opens sessions for some minutes.
    pub access: String,
    /// Fetches the next access token, once.
    pub refresh: String,
    /// Seconds that the access token is good for.
    pub expires_in: f64,
    /// Who it is.
    pub account: Account,
}

/// Where signing in stands after the password was right.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LogIn {
    /// It is done.
    SignedIn(SignedIn),
    /// It takes a code.
    CodeNeeded {
        /// What the code is given with, within minutes.
        challenge: String,
    },
}

/// One device that has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInSession {
    /// Names it, to end it.
    pub id: String,
    /// What the device calls itself.
    pub device: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When it last fetched an access token, unix milliseconds.
    pub refreshed_at: i64,
    /// When it ends, unix milliseconds.
    pub expires_at: i64,
    /// Whether it is the one that is asking.
    pub is_current: bool,
}

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Names it, to revoke it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// How its text begins.
    pub prefix: String,
    /// What it allows at most, by name.
    pub permissions: Vec<&'static str>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When it was last used, unix milliseconds.
    pub last_used_at: Option<i64>,
    /// When it ends, unix milliseconds.
    pub expires_at: Option<i64>,
}

/// An API key that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its text, which is never shown again.
    pub secret: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Counts from 1 within the tenant.
    pub number: u64,
    /// Unix milliseconds.
    pub at: i64,
    /// What was done.
    pub action: &'static str,
    /// `allowed` or `refused`.
    pub outcome: &'static str,
    /// Who did it.
    pub actor: Option<String>,
    /// The id of what it was done to.
    pub subject: Option<String>,
    /// The network address that it came from.
    pub address: Option<String>,
    /// SHA-256 over the hash before it and this entry, in hex.
    pub hash: String,
}

/// People and data that others never see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `active` or `suspended`.
    pub state: &'static str,
    /// Unix milliseconds.
    pub created_at: i64,
    /// What it may use up.
    pub limits: TenantLimits,
}

/// What a tenant may use up; 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantLimits {
    /// Members, disabled ones too.
    pub users: u32,
    /// Tokens of all members together in any 24 hours.
    pub tokens_per_day: u64,
    /// Tokens of all members together in any 30 days.
    pub tokens_per_month: u64,
    /// Money of all members together in any 24 hours, in millionths of the unit of the models' prices.
    pub cost_micros_per_day: u64,
    /// Money of all members together in any 30 days, likewise.
    pub cost_micros_per_month: u64,
    /// Requests of all members together in any minute.
    pub requests_per_minute: u32,
    /// Mebibytes of what all members have said, been answered and noted together.
    pub storage_mib: u32,
}

/// A tenant, and what it has used of what it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantUsage {
    /// The tenant, with its limits.
    pub tenant: Tenant,
    /// Members, disabled ones too.
    pub users: u64,
    /// Bytes of what all of them have said, been answered and noted.
    pub stored_bytes: u64,
    /// What all of them used in the last 24 hours.
    pub day: UsageTotal,
    /// What all of them used in the last 30 days.
    pub month: UsageTotal,
}

/// A tenant that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// The account that owns it.
    pub owner: Account,
}

/// A role that a tenant made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Its name within the tenant.
    pub name: String,
    /// What it allows, by name.
    pub permissions: Vec<&'static str>,
}

/// The second factor of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SecondFactor {
    /// Since when, unix milliseconds.
    pub since: i64,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// What an authenticator is given, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enrolment {
    /// The secret in base32, for typing.
    pub secret: String,
    /// It as an `otpauth://` address, for a QR code.
    pub uri: String,
}

/// Somebody who is invited and has not come yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// Names it, to revoke it.
    pub id: String,
    /// Who is invited.
    pub email: String,
    /// What they will be.
    pub role: &'static str,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
}

impl From<auth::Account> for Account {
    fn from(account: auth::Account) -> Self {
        let own_role = account.custom_role.map(|role| role.name.to_string());
        Self {
            id: account.id.to_string(),
            tenant: account.tenant.to_string(),
            email: account.email.as_str().to_owned(),
            name: account.name,
            role: own_role.unwrap_or_else(|| account.role.as_str().to_owned()),
            state: account.state.as_str(),
            created_at: account.created_at_ms,
            email_verified_at: account.email_verified_at_ms,
        }
    }
}

impl From<auth::SignedIn> for SignedIn {
    fn from(signed_in: auth::SignedIn) -> Self {
        Self {
            access: signed_in.access.expose().to_owned(),
            refresh: signed_in.refresh.expose().to_owned(),
            expires_in: signed_in.expires_in.as_secs_f64(),
            account: signed_in.account.into(),
        }
    }
}

impl From<auth::SessionInfo> for SignInSession {
    fn from(session: auth::SessionInfo) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.device.name,
            created_at: session.created_at_ms,
            refreshed_at: session.refreshed_at_ms,
            expires_at: session.expires_at_ms,
            is_current: session.is_current,
        }
    }
}

impl From<auth::ApiKey> for ApiKey {
    fn from(key: auth::ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            permissions: names(key.permissions),
            created_at: key.created_at_ms,
            last_used_at: key.last_used_at_ms,
            expires_at: key.expires_at_ms,
        }
    }
}

impl From<(auth::ApiKey, auth::ApiKeySecret)> for MadeApiKey {
    fn from((key, secret): (auth::ApiKey, auth::ApiKeySecret)) -> Self {
        Self {
            key: key.into(),
            secret: secret.expose().to_owned(),
        }
    }
}

impl From<auth::AuditEntry> for AuditEntry {
    fn from(entry: auth::AuditEntry) -> Self {
        let event = entry.event;
        Self {
            number: entry.seq,
            at: event.at_ms,
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.map(|actor| actor.to_string()),
            subject: event.subject,
            address: event.address.map(|address| address.to_string()),
            hash: entry
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

impl From<auth::LogIn> for LogIn {
    fn from(log_in: auth::LogIn) -> Self {
        match log_in {
            auth::LogIn::SignedIn(signed_in) => Self::SignedIn(signed_in.into()),
            auth::LogIn::CodeNeeded(challenge) => Self::CodeNeeded {
                challenge: challenge.expose().to_owned(),
            },
            other => unreachable!("a log-in stands at {other:?}"),
        }
    }
}

impl From<auth::Tenant> for Tenant {
    fn from(tenant: auth::Tenant) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.name,
            state: tenant.state.as_str(),
            created_at: tenant.created_at_ms,
            limits: tenant.limits.into(),
        }
    }
}

impl From<auth::TenantLimits> for TenantLimits {
    fn from(limits: auth::TenantLimits) -> Self {
        Self {
            users: limits.users,
            tokens_per_day: limits.uses.tokens_per_day,
            tokens_per_month: limits.uses.tokens_per_month,
            cost_micros_per_day: limits.uses.cost_micros_per_day,
            cost_micros_per_month: limits.uses.cost_micros_per_month,
            requests_per_minute: limits.requests_per_minute,
            storage_mib: limits.storage_mib,
        }
    }
}

impl From<TenantLimits> for auth::TenantLimits {
    fn from(limits: TenantLimits) -> Self {
        Self {
            users: limits.users,
            uses: auth::UseLimits {
                tokens_per_day: limits.tokens_per_day,
                tokens_per_month: limits.tokens_per_month,
                cost_micros_per_day: limits.cost_micros_per_day,
                cost_micros_per_month: limits.cost_micros_per_month,
            },
            requests_per_minute: limits.requests_per_minute,
            storage_mib: limits.storage_mib,
        }
    }
}

impl From<karen_core::TenantUsage> for TenantUsage {
    fn from(usage: karen_core::TenantUsage) -> Self {
        Self {
            tenant: usage.tenant.into(),
            users: usage.users,
            stored_bytes: usage.stored_bytes,
            day: usage.day.into(),
            month: usage.month.into(),
        }
    }
}

impl From<(auth::Tenant, auth::Account)> for MadeTenant {
    fn from((tenant, owner): (auth::Tenant, auth::Account)) -> Self {
        Self {
            tenant: tenant.into(),
            owner: owner.into(),
        }
    }
}

impl From<auth::CustomRole> for Role {
    fn from(role: auth::CustomRole) -> Self {
        Self {
            name: role.name.to_string(),
            permissions: names(role.permissions),
        }
    }
}

impl From<auth::SecondFactor> for SecondFactor {
    fn from(factor: auth::SecondFactor) -> Self {
        Self {
            since: factor.since_ms,
            recovery_codes: factor.recovery_codes,
        }
    }
}

impl From<auth::TotpEnrolment> for Enrolment {
    fn from(begun: auth::TotpEnrolment) -> Self {
        Self {
            secret: begun.secret().to_owned(),
            uri: begun.uri().to_owned(),
        }
    }
}

impl From<auth::Invitation> for Invitation {
    fn from(invitation: auth::Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.as_str().to_owned(),
            role: invitation.role.as_str(),
            created_at: invitation.created_at_ms,
            expires_at: invitation.expires_at_ms,
        }
    }
}

fn names(permissions: auth::Permissions) -> Vec<&'static str> {
    permissions.iter().map(|p| p.as_str()).collect()
}
