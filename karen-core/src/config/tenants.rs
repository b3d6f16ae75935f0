//! What tenants may use up: `[tenants]` and `[tenants.plans.NAME]`.

use std::collections::BTreeMap;

use karen_auth::{PlanName, TenantLimits, UseLimits};
use serde::{Deserialize, Serialize};

use crate::{Code, Error, Result};

/// `[tenants]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantSettings {
    /// The plan of new tenants. Empty: none, and no limit.
    pub plan: String,
    /// Plans by a name of lower-case letters, digits and hyphens, each a table such as
    /// `{ users = 50, tokens_per_month = 40_000_000, requests_per_minute = 600 }`. What is changed here
    /// is in force for all tenants of the plan from the next start on.
    pub plans: BTreeMap<String, PlanSettings>,
}

/// `[tenants.plans.NAME]`: 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlanSettings {
    /// Members, disabled ones too.
    pub users: u32,
    /// Tokens of all members together in any 24 hours, 10^15 at most.
    pub tokens_per_day: u64,
    /// Tokens of all members together in any 30 days, 10^15 at most.
    pub tokens_per_month: u64,
    /// Money of all members together in any 24 hours, in millionths of the unit of `models.prices`; 10^15
    /// at most.
    pub cost_micros_per_day: u64,
    /// Money of all members together in any 30 days, likewise.
    pub cost_micros_per_month: u64,
    /// Requests of all members together in any minute.
    pub requests_per_minute: u32,
    /// Mebibytes of what all members have said, been answered and noted together.
    pub storage_mib: u32,
}

impl TenantSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let named = |name: &str, error: karen_auth::AuthError| {
            let message = format!("tenants.plans.{name}: {error}");
            Error::new(Code::InvalidArgument, message).caused_by(error)
        };
        for name in self.plans.keys() {
            PlanName::parse(name).map_err(|e| named(name, e))?;
        }
        if self.plan.is_empty() || self.plans.contains_key(&self.plan) {
            return Ok(());
        }
        let message = format!(
            "tenants.plan is {:?}, and tenants.plans has no such plan",
            self.plan
        );
        Err(Error::new(Code::InvalidArgument, message))
    }

    /// The plan of new tenants.
    pub(crate) fn usual(&self) -> Result<Option<PlanName>> {
        let named = Some(self.plan.as_str()).filter(|name| !name.is_empty());
        Ok(named.map(PlanName::parse).transpose()?)
    }

    pub(crate) fn all(&self) -> Result<BTreeMap<PlanName, TenantLimits>> {
        let plans = self.plans.iter();
        plans
            .map(|(name, plan)| Ok((PlanName::parse(name)?, plan.limits())))
            .collect()
    }
}

impl PlanSettings {
    fn limits(self) -> TenantLimits {
        TenantLimits {
            users: self.users,
            uses: UseLimits {
                tokens_per_day: self.tokens_per_day,
                tokens_per_month: self.tokens_per_month,
                cost_micros_per_day: self.cost_micros_per_day,
                cost_micros_per_month: self.cost_micros_per_month,
            },
            requests_per_minute: self.requests_per_minute,
            storage_mib: self.storage_mib,
        }
    }
}
