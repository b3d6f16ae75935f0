//! Plans, and how often the members of a tenant may ask together.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use super::tenants::no_tenant;
use super::{Auth, AuthConfig};
use crate::{
    AuditAction, AuthError, AuthErrorKind, Permission, PlanName, Principal, Tenant, TenantId,
    TenantLimits, TenantStore,
};

/// Beyond this many, about 10 MB, all are looked up afresh.
const ALLOWANCES_MAX: usize = 100_000;

/// The plans of an installation.
#[derive(Clone)]
pub(super) struct Plans {
    all: BTreeMap<PlanName, TenantLimits>,
    /// The one that new tenants are given.
    usual: Option<PlanName>,
}

/// What was found a moment ago, so that a request costs no SQL.
#[derive(Default)]
pub(super) struct Allowances(RwLock<HashMap<TenantId, Allowance>>);

#[derive(Clone, Copy)]
struct Allowance {
    requests_per_minute: u32,
    checked_at_ms: i64,
}

impl Plans {
    /// # Errors
    /// `Invalid` for limits out of range, and for a usual plan that is none of them.
    pub(super) fn of(config: &AuthConfig) -> Result<Self, AuthError> {
        for limits in config.plans.values() {
            limits.uses.checked("set the plan")?;
        }
        let plans = Self {
            all: config.plans.clone(),
            usual: config.plan.clone(),
        };
        plans.for_new_tenants()?;
        Ok(plans)
    }

    /// What a new tenant may use up, and by which plan.
    pub(super) fn for_new_tenants(&self) -> Result<(TenantLimits, Option<PlanName>), AuthError> {
        match &self.usual {
            Some(plan) => Ok((self.limits(plan)?, Some(plan.clone()))),
            None => Ok((TenantLimits::default(), None)),
        }
    }

    pub(super) async fn put_into_force(&self, tenants: &dyn TenantStore) -> Result<(), AuthError> {
        for (plan, limits) in &self.all {
            tenants.set_plan(plan, limits).await?;
        }
        Ok(())
    }

    fn limits(&self, plan: &PlanName) -> Result<TenantLimits, AuthError> {
        self.all.get(plan).copied().ok_or_else(|| {
            let reason = format!("no plan is called {plan}");
            AuthError::new(AuthErrorKind::NotFound, "find the plan", reason)
        })
    }
}

impl Allowances {
    fn get(&self, tenant: &TenantId, checked_after_ms: i64) -> Option<u32> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let allowance = known.get(tenant)?;
        (allowance.checked_at_ms > checked_after_ms).then_some(allowance.requests_per_minute)
    }

    fn keep(&self, tenant: &TenantId, requests_per_minute: u32, checked_at_ms: i64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ALLOWANCES_MAX {
            known.clear();
        }
        let allowance = Allowance {
            requests_per_minute,
            checked_at_ms,
        };
        known.insert(tenant.clone(), allowance);
    }

    fn forget(&self, tenant: &TenantId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(tenant);
    }
}

impl Auth {
    /// The plans and what their tenants may use up, ordered by name.
    ///
    /// # Errors
    /// `Denied` without `tenants:read`.
    pub fn plans(&self, principal: &Principal) -> Result<Vec<(PlanName, TenantLimits)>, AuthError> {
        principal.require(Permission::TenantsRead)?;
        let plans = self.shared.plans.all.iter();
        Ok(plans
            .map(|(name, limits)| (name.clone(), *limits))
            .collect())
    }

    /// Gives a tenant a plan: it may use up what the plan says, and what the plan will say when it
    /// is changed.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`; `NotFound` for the tenant or the plan.
    pub async fn plan_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        plan: &PlanName,
    ) -> Result<Tenant, AuthError> {
        principal.require(Permission::TenantsWrite)?;
        let limits = self.shared.plans.limits(plan)?;
        self.set_limits(principal, tenant, limits, Some(plan.clone()))
            .await
    }

    /// Sets what a tenant may use up, for itself: it has no plan from here on. It counts from the
    /// next member, the next turn and the next request on, the latter on other instances within
    /// [`recheck`](AuthConfig::recheck). Nobody is taken out of a tenant that has more members than
    /// it may have.
    ///
    /// # Errors
    /// `Denied` without `tenants:write`; `Invalid` for limits out of range; `NotFound`.
    pub async fn limit_tenant(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        limits: TenantLimits,
    ) -> Result<Tenant, AuthError> {
        principal.require(Permission::TenantsWrite)?;
        limits.uses.checked("limit the tenant")?;
        self.set_limits(principal, tenant, limits, None).await
    }

    /// How many requests the members of the principal's tenant may make in a minute, together; 0 for
    /// no limit. In the common case that asks no store.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn requests_per_minute(&self, principal: &Principal) -> Result<u32, AuthError> {
        let (tenant, now_ms) = (principal.tenant(), self.now_ms());
        let checked_after_ms = now_ms - self.shared.lifetimes.recheck;
        if let Some(known) = self.shared.allowances.get(tenant, checked_after_ms) {
            return Ok(known);
        }
        let limits = self.tenant_limits(principal).await?;
        let allowances = &self.shared.allowances;
        allowances.keep(tenant, limits.requests_per_minute, now_ms);
        Ok(limits.requests_per_minute)
    }

    async fn set_limits(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        limits: TenantLimits,
        plan: Option<PlanName>,
    ) -> Result<Tenant, AuthError> {
        let tenants = &self.shared.ports.tenants;
        let found = tenants.get(tenant).await?.ok_or_else(no_tenant)?;
        let event = self.event_by(principal, AuditAction::TenantLimited, tenant.as_str());
        self.shared.ports.audit.append(&event).await?;
        let is_set = tenants.set_limits(tenant, &limits, plan.as_ref()).await?;
        self.shared.allowances.forget(tenant);
        is_set.then_some(()).ok_or_else(no_tenant)?;
        Ok(Tenant {
            limits,
            plan,
            ..found
        })
    }
}
