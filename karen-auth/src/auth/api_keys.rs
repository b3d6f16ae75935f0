//! Making, listing and ending one's API keys.

use std::time::Duration;

use super::Auth;
use crate::account::checked_name;
use crate::token::{API_KEY_PREFIX, draw};
use crate::{
    ApiKey, ApiKeyId, ApiKeySecret, AuditAction, AuthError, AuthErrorKind, Permission, Permissions,
    Principal, TenantId, TokenHash, UseLimits,
};

/// Characters of the secret that a list shows.
const PREFIX_SECRET_CHARS: usize = 6;
/// Keys of one account.
const KEYS_MAX: usize = 100;

/// What somebody asks of a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// What its owner calls it; 1 to 100 characters.
    pub name: String,
    /// What it allows; `None` is all that its owner may do.
    pub permissions: Option<Permissions>,
    /// How long it lasts; `None` is until it is revoked.
    pub lifetime: Option<Duration>,
}

impl Auth {
    /// Makes an API key for the principal's account. The secret is shown here and never again.
    ///
    /// # Errors
    /// `Denied` without `keys:write`, for a key that shall allow more than the principal may, and
    /// for an API key, which makes no others; `Invalid` for the name; `Conflict` beyond 100 keys.
    pub async fn create_api_key(
        &self,
        principal: &Principal,
        new: NewApiKey,
    ) -> Result<(ApiKey, ApiKeySecret), AuthError> {
        principal.require(Permission::KeysWrite)?;
        principal.require_session()?;
        let permissions = granted(principal, new.permissions)?;
        self.require_room(principal).await?;
        let secret = draw(API_KEY_PREFIX);
        let now_ms = self.now_ms();
        let key = ApiKey {
            id: ApiKeyId::random(),
            tenant: principal.tenant().clone(),
            account: principal.account().clone(),
            name: checked_name(&new.name)?,
            prefix: secret[..API_KEY_PREFIX.len() + PREFIX_SECRET_CHARS].to_owned(),
            permissions,
            created_at_ms: now_ms,
            last_used_at_ms: None,
            expires_at_ms: new.lifetime.map(|lifetime| end(now_ms, lifetime)),
            limits: UseLimits::default(),
        };
        let event = self.event_by(principal, AuditAction::ApiKeyCreated, key.id.as_str());
        self.shared.ports.audit.append(&event).await?;
        self.shared
            .ports
            .api_keys
            .insert(&key, &TokenHash::of(&secret))
            .await?;
        Ok((key, ApiKeySecret::new(secret)))
    }

    /// The API keys of the principal's account, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn api_keys(&self, principal: &Principal) -> Result<Vec<ApiKey>, AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        self.shared.ports.api_keys.list(tenant, account).await
    }

    /// Sets what may be used up with an API key of the principal's account; it counts from the next
    /// request on.
    ///
    /// # Errors
    /// `NotFound` when the account has no such key; `Denied` for an API key, which raises no limit of
    /// its own; `Invalid` for limits out of range.
    pub async fn limit_api_key(
        &self,
        principal: &Principal,
        key: &ApiKeyId,
        limits: UseLimits,
    ) -> Result<(), AuthError> {
        principal.require_session()?;
        let limits = limits.checked("limit the API key")?;
        let event = self.event_by(principal, AuditAction::ApiKeyLimited, key.as_str());
        self.shared.ports.audit.append(&event).await?;
        let (tenant, account) = (principal.tenant(), principal.account());
        let keys = &self.shared.ports.api_keys;
        let is_set = keys.set_limits(tenant, account, key, &limits).await?;
        is_set
            .then_some(())
            .ok_or_else(|| no_key("limit the API key"))
    }

    /// What the members of a tenant may use up together, and what may be used up with one of its API
    /// keys. Nothing is limited where there is no such tenant or key.
    ///
    /// # Errors
    /// What the stores report.
    pub async fn use_limits(
        &self,
        tenant: &TenantId,
        key: Option<&ApiKeyId>,
    ) -> Result<(UseLimits, UseLimits), AuthError> {
        let ports = &self.shared.ports;
        let found = ports.tenants.get(tenant).await?;
        let of_tenant = found.map(|tenant| tenant.limits.uses).unwrap_or_default();
        let of_key = match key {
            Some(key) => ports.api_keys.limits(tenant, key).await?,
            None => None,
        };
        Ok((of_tenant, of_key.unwrap_or_default()))
    }

    /// Ends an API key of the principal's account; it is dead at the next request.
    ///
    /// # Errors
    /// `NotFound` when the account has no such key; `Denied` for an API key.
    pub async fn revoke_api_key(
        &self,
        principal: &Principal,
        key: &ApiKeyId,
    ) -> Result<(), AuthError> {
        principal.require_session()?;
        let (tenant, account) = (principal.tenant(), principal.account());
        if !self
            .shared
            .ports
            .api_keys
            .delete(tenant, account, key)
            .await?
        {
            return Err(no_key("end the API key"));
        }
        self.shared.live.end_key(key);
        let event = self.event_by(principal, AuditAction::ApiKeyRevoked, key.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    async fn require_room(&self, principal: &Principal) -> Result<(), AuthError> {
        if self.api_keys(principal).await?.len() < KEYS_MAX {
            return Ok(());
        }
        let reason = "the account has 100 keys: revoke one that is not used";
        Err(AuthError::new(
            AuthErrorKind::Conflict,
            "make the API key",
            reason,
        ))
    }
}

fn no_key(operation: &'static str) -> AuthError {
    AuthError::new(AuthErrorKind::NotFound, operation, "there is no such key")
}

fn granted(principal: &Principal, wanted: Option<Permissions>) -> Result<Permissions, AuthError> {
    let permissions = wanted.unwrap_or_else(|| principal.permissions());
    if permissions.is_subset_of(principal.permissions()) {
        return Ok(permissions);
    }
    let reason = "the key would allow more than you may";
    Err(AuthError::new(
        AuthErrorKind::Denied,
        "make the API key",
        reason,
    ))
}

fn end(now_ms: i64, lifetime: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX))
}
