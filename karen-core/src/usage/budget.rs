//! What may be spent on models: the ledger, as karen-infer's port of it.

use std::sync::Arc;

use async_trait::async_trait;
use karen_auth::{ApiKeyId, Auth, TenantId, UseLimits};
use karen_infer::{Budget, Caller, Charge, ModelError, ModelErrorKind};
use karen_sql::now_ms;

use super::{DAY_MS, MONTH_MS, Usage, UsageLedger, UsageTotal};
use crate::id::TurnId;
use crate::{Code, Error, Result, Scope};

/// The [`Budget`] of users, tenants and API keys, over the one ledger.
///
/// What an answer takes is known at its end: those that are given when the last token goes are
/// finished, and so is the turn that they are parts of.
pub(crate) struct LedgerBudget {
    ledger: Arc<dyn UsageLedger>,
    auth: Auth,
    /// Of each user; 0 for no limit.
    tokens_per_day: u64,
}

/// A sum, its limit (0 for none), and how both are called.
type Count = (u64, u64, &'static str);

impl LedgerBudget {
    pub(crate) fn new(ledger: Arc<dyn UsageLedger>, auth: Auth, tokens_per_day: u64) -> Self {
        Self {
            ledger,
            auth,
            tokens_per_day,
        }
    }

    /// Passes while the user, the tenant and the key have something left.
    ///
    /// # Errors
    /// `QUOTA`, with what is used up.
    pub(crate) async fn require(&self, caller: &Caller) -> Result<()> {
        let scope = Scope::stored(caller.tenant.clone(), caller.user.clone());
        if let Some(work) = &caller.work
            && self.ledger.has(&scope, &TurnId::parse(work)?).await?
        {
            return Ok(());
        }
        let now = now_ms();
        if self.tokens_per_day > 0 {
            let day = self.ledger.total(&scope, now - DAY_MS).await?.tokens;
            require("your", &[(day, self.tokens_per_day, "tokens of 24 hours")])?;
        }
        let (of_tenant, of_key) = self.limits(caller).await?;
        if of_tenant != UseLimits::default() {
            let total = async |since| self.ledger.tenant_total(&caller.tenant, since).await;
            let (day, month) = (total(now - DAY_MS).await?, total(now - MONTH_MS).await?);
            require("the tenant's", &counts(of_tenant, day, month))?;
        }
        if let Some(key) = &caller.key
            && of_key != UseLimits::default()
        {
            let total = async |since| self.ledger.key_total(&caller.tenant, key, since).await;
            let (day, month) = (total(now - DAY_MS).await?, total(now - MONTH_MS).await?);
            require("the API key's", &counts(of_key, day, month))?;
        }
        Ok(())
    }

    /// Of the tenant, and of the key. Who names another tenant than those of accounts has no limits.
    async fn limits(&self, caller: &Caller) -> Result<(UseLimits, UseLimits)> {
        let Ok(tenant) = TenantId::parse(&caller.tenant) else {
            return Ok(Default::default());
        };
        let key = caller.key.as_deref().map(ApiKeyId::parse).transpose()?;
        Ok(self.auth.use_limits(&tenant, key.as_ref()).await?)
    }
}

#[async_trait]
impl Budget for LedgerBudget {
    async fn admit(&self, caller: &Caller) -> Result<(), ModelError> {
        let refused = |error: Error| {
            let kind = match error.code() {
                Code::Quota => ModelErrorKind::Quota(error.to_string()),
                _ => ModelErrorKind::Unavailable,
            };
            ModelError::new(kind, "ask", "a model").caused_by(error)
        };
        self.require(caller).await.map_err(refused)
    }

    async fn charge(&self, caller: &Caller, charge: &Charge) -> Result<(), ModelError> {
        let scope = Scope::stored(caller.tenant.clone(), caller.user.clone());
        let kept = async {
            let turn = caller.work.as_deref().map(TurnId::parse).transpose()?;
            let turn = turn.unwrap_or_else(TurnId::fresh);
            let usage = Usage {
                model: Some(charge.model.to_string()),
                prompt_tokens: charge.usage.prompt_tokens.into(),
                completion_tokens: charge.usage.completion_tokens.into(),
                cost_micros: charge.cost_micros,
                ..Usage::none(turn, now_ms(), caller.key.as_deref())
            };
            self.ledger.add(&scope, &usage).await
        };
        kept.await.map_err(|error: Error| {
            let kind = ModelErrorKind::Unavailable;
            ModelError::new(kind, "enter", "what an answer took").caused_by(error)
        })
    }
}

fn counts(limits: UseLimits, day: UsageTotal, month: UsageTotal) -> [Count; 4] {
    [
        (day.tokens, limits.tokens_per_day, "tokens of 24 hours"),
        (month.tokens, limits.tokens_per_month, "tokens of 30 days"),
        (
            day.cost_micros,
            limits.cost_micros_per_day,
            "millionths of money of 24 hours",
        ),
        (
            month.cost_micros,
            limits.cost_micros_per_month,
            "millionths of money of 30 days",
        ),
    ]
}

fn require(whose: &str, counts: &[Count]) -> Result<()> {
    let spent = counts.iter().find(|(used, max, _)| *max > 0 && used >= max);
    spent.map_or(Ok(()), |(_, max, what)| {
        let message = format!("{whose} {max} {what} are used up");
        Err(Error::new(Code::Quota, message))
    })
}

#[cfg(test)]
mod tests {
    use karen_auth::Principal;

    use super::*;
    use crate::Karen;
    use crate::config::Config;

    #[tokio::test]
    async fn the_ledger_keeps_a_budget() {
        let mut config = Config::default();
        config.limits.tokens_per_day = 1_000_000;
        let builder = Karen::builder().config(config).in_memory();
        let karen = builder.open().await.expect("opens");
        let session = karen.session(Principal::local());
        let budget = Arc::clone(&session.shared().budget);
        karen_infer::testing::budget(&*budget).await;
    }

    #[test]
    fn the_first_limit_that_is_reached_is_named() {
        let limits = UseLimits {
            tokens_per_day: 10,
            cost_micros_per_month: 100,
            ..UseLimits::default()
        };
        let day = UsageTotal {
            tokens: 9,
            ..UsageTotal::default()
        };
        let month = |cost_micros| UsageTotal {
            turns: 9,
            tokens: 1 << 40,
            cost_micros,
        };
        let of = |month| require("the tenant's", &counts(limits, day, month));
        of(month(99)).expect("nothing is used up");
        let refused = of(month(100)).expect_err("the money is spent");
        assert_eq!(refused.code(), Code::Quota);
        let text = refused.to_string();
        assert!(
            text.starts_with("the tenant's 100 millionths of money of 30 days"),
            "{text}"
        );
    }
}
