//! What users use up: one ledger for every limit.

mod budget;
mod sql;

use async_trait::async_trait;
use karen_auth::Tenant;

pub(crate) use budget::LedgerBudget;
pub(crate) use sql::SqlUsageLedger;

use crate::config::LimitSettings;
use crate::id::TurnId;
use crate::{Code, Error, Result, Scope};

const MINUTE_MS: i64 = 60_000;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
pub(crate) const MONTH_MS: i64 = 30 * DAY_MS;

/// What was used for a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The turn.
    pub turn: TurnId,
    /// Unix milliseconds.
    pub at: i64,
    /// The API key that was shown.
    pub key: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// What they cost, in millionths of the unit that prices are in.
    pub cost_micros: u64,
}

/// A sum over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotal {
    /// Turns begun.
    pub turns: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// What they cost, in millionths of the unit that prices are in.
    pub cost_micros: u64,
}

/// A tenant, and what it has used of what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Keeps what is used. Every call reaches the rows of its scope only.
///
/// What an implementation owes its callers, and [`testing::usage_ledger`] checks:
/// - a use is durable when the call returns, and in the next total;
/// - what is added for a turn again is added to what was: a turn is one, at the time and with the key
///   that it came with first.
///
/// [`testing::usage_ledger`]: crate::testing::usage_ledger
#[async_trait]
pub trait UsageLedger: Send + Sync {
    /// Adds what was used for a turn, which may be nothing.
    async fn add(&self, scope: &Scope, usage: &Usage) -> Result<()>;

    /// Whether anything was added for the turn.
    async fn has(&self, scope: &Scope, turn: &TurnId) -> Result<bool>;

    /// The sum over everything at or after `since` (unix milliseconds).
    async fn total(&self, scope: &Scope, since: i64) -> Result<UsageTotal>;

    /// The sum of all users of a tenant over everything at or after `since`.
    async fn tenant_total(&self, tenant: &str, since: i64) -> Result<UsageTotal>;

    /// The sum of what was used with an API key of a tenant at or after `since`.
    async fn key_total(&self, tenant: &str, key: &str, since: i64) -> Result<UsageTotal>;

    /// Deletes everything recorded of the scope.
    async fn erase(&self, scope: &Scope) -> Result<()>;

    /// The users of a tenant that have used something, ordered by id.
    async fn users(&self, tenant: &str) -> Result<Vec<String>>;
}

impl Usage {
    /// A turn that has used nothing yet.
    pub(crate) fn none(turn: TurnId, at: i64, key: Option<&str>) -> Self {
        Self {
            turn,
            at,
            key: key.map(str::to_owned),
            model: None,
            prompt_tokens: 0,
            completion_tokens: 0,
            cost_micros: 0,
        }
    }
}

/// Refuses a turn that comes too soon after others.
///
/// # Errors
/// `RATE_LIMITED`.
pub(crate) async fn admit(
    ledger: &dyn UsageLedger,
    scope: &Scope,
    limits: &LimitSettings,
    now: i64,
) -> Result<()> {
    if limits.turns_per_minute > 0 {
        let minute = ledger.total(scope, now - MINUTE_MS).await?;
        if minute.turns >= u64::from(limits.turns_per_minute) {
            let message = format!("more than {} turns a minute", limits.turns_per_minute);
            let wait = std::time::Duration::from_secs(10);
            return Err(Error::new(Code::RateLimited, message).retry_after(wait));
        }
    }
    Ok(())
}
