//! What users use up: one ledger for every limit.

mod sql;

use async_trait::async_trait;

pub(crate) use sql::SqlUsageLedger;

use crate::config::LimitSettings;
use crate::id::TurnId;
use crate::{Code, Error, Result, Scope};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

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

    /// Deletes everything recorded of the scope.
    async fn erase(&self, scope: &Scope) -> Result<()>;

    /// The users of a tenant that have used something, ordered by id.
    async fn users(&self, tenant: &str) -> Result<Vec<String>>;
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
