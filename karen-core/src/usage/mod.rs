//! What users use up: one ledger for every limit.

mod sql;

use async_trait::async_trait;
use karen_auth::{Tenant, TenantLimits};

pub(crate) use sql::SqlUsageLedger;

use crate::config::LimitSettings;
use crate::id::TurnId;
use crate::{Code, Error, Result, Scope};

const MINUTE_MS: i64 = 60_000;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
pub(crate) const MONTH_MS: i64 = 30 * DAY_MS;

/// What one turn used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The turn.
    pub turn: TurnId,
    /// Unix milliseconds.
    pub at: i64,
    /// The model that answered.
    pub model: Option<String>,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}

/// A sum over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageTotal {
    /// Turns begun.
    pub turns: u64,
    /// Tokens read and written.
    pub tokens: u64,
}

/// A tenant, and what it has used of what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUsage {
    /// The tenant, with its limits.
    pub tenant: Tenant,
    /// Members, disabled ones too.
    pub users: u64,
    /// What all of them used in the last 24 hours.
    pub day: UsageTotal,
    /// What all of them used in the last 30 days.
    pub month: UsageTotal,
}

/// Keeps what is used. Every call reaches the rows of its scope only.
///
/// What an implementation owes its callers, and [`testing::usage_ledger`] checks:
/// - a recorded use is durable when the call returns, and in the next total;
/// - recording a turn again replaces what was recorded for it.
///
/// [`testing::usage_ledger`]: crate::testing::usage_ledger
#[async_trait]
pub trait UsageLedger: Send + Sync {
    /// Keeps what a turn used.
    async fn record(&self, scope: &Scope, usage: &Usage) -> Result<()>;

    /// The sum over everything at or after `since` (unix milliseconds).
    async fn total(&self, scope: &Scope, since: i64) -> Result<UsageTotal>;

    /// The sum of all users of a tenant over everything at or after `since`.
    async fn tenant_total(&self, tenant: &str, since: i64) -> Result<UsageTotal>;

    /// Deletes everything recorded of the scope.
    async fn erase(&self, scope: &Scope) -> Result<()>;

    /// The users of a tenant that have used something, ordered by id.
    async fn users(&self, tenant: &str) -> Result<Vec<String>>;
}

/// Refuses a turn for which the tenant has no tokens left. What a turn takes is known at its end:
/// those that run when the last token goes are finished.
///
/// # Errors
/// `QUOTA`.
pub(crate) async fn admit_tenant(
    ledger: &dyn UsageLedger,
    tenant: &str,
    limits: TenantLimits,
    now: i64,
) -> Result<()> {
    for (tokens_max, span, name) in [
        (limits.tokens_per_day, DAY_MS, "24 hours"),
        (limits.tokens_per_month, MONTH_MS, "30 days"),
    ] {
        if tokens_max > 0 && ledger.tenant_total(tenant, now - span).await?.tokens >= tokens_max {
            let message = format!("the tenant's {tokens_max} tokens of {name} are used up");
            return Err(Error::new(Code::Quota, message));
        }
    }
    Ok(())
}

/// Refuses a turn that `limits` leave no room for.
///
/// # Errors
/// `RATE_LIMITED` or `QUOTA`.
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
    if limits.tokens_per_day > 0 {
        let day = ledger.total(scope, now - DAY_MS).await?;
        if day.tokens >= limits.tokens_per_day {
            let message = format!(
                "the {} tokens of 24 hours are used up",
                limits.tokens_per_day
            );
            return Err(Error::new(Code::Quota, message));
        }
    }
    Ok(())
}
