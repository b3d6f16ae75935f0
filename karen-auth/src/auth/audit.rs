//! Writing and reading the audit log.

use std::net::IpAddr;

use super::Auth;
use crate::{
    Account, AccountId, AuditAction, AuditChain, AuditEntry, AuditEvent, AuthError, AuthErrorKind,
    Device, Outcome, Permission, Principal, TenantId,
};

/// Entries that are verified at a time.
const BATCH: u32 = 1000;
const PAGE_MAX: u32 = 200;

impl Auth {
    /// Up to `limit` (1 to 200) entries of the tenant's log whose number is above `after`.
    ///
    /// # Errors
    /// `Denied` without `audit:read`.
    pub async fn audit_log(
        &self,
        principal: &Principal,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, AuthError> {
        principal.require(Permission::AuditRead)?;
        let limit = limit.clamp(1, PAGE_MAX);
        self.shared
            .ports
            .audit
            .list(principal.tenant(), after, limit)
            .await
    }

    /// Walks the tenant's log from its beginning and answers where it ends.
    ///
    /// # Errors
    /// `Denied` without `audit:read`; `Corrupt`, with the number of the first entry that was
    /// changed, or that follows one which was removed or moved.
    pub async fn verify_audit_log(&self, principal: &Principal) -> Result<AuditChain, AuthError> {
        principal.require(Permission::AuditRead)?;
        let mut chain = AuditChain::default();
        loop {
            let (seq, _) = chain.head();
            let batch = self
                .shared
                .ports
                .audit
                .list(principal.tenant(), seq, BATCH)
                .await?;
            if batch.is_empty() {
                return Ok(chain);
            }
            if let Some(entry) = batch.iter().find(|entry| !chain.step(entry)) {
                let reason = format!("entry {} does not follow the one before it", entry.seq);
                let operation = "verify the audit log";
                return Err(AuthError::new(AuthErrorKind::Corrupt, operation, reason));
            }
        }
    }

    /// What an account did to itself.
    pub(super) fn event(
        &self,
        account: &Account,
        action: AuditAction,
        device: &Device,
    ) -> AuditEvent {
        AuditEvent {
            tenant: account.tenant.clone(),
            at_ms: self.now_ms(),
            action,
            outcome: Outcome::Allowed,
            actor: Some(account.id.clone()),
            subject: Some(account.id.to_string()),
            address: device.address,
        }
    }

    /// What a principal did to `subject`.
    pub(super) fn event_by(
        &self,
        principal: &Principal,
        action: AuditAction,
        subject: &str,
    ) -> AuditEvent {
        AuditEvent {
            tenant: principal.tenant().clone(),
            at_ms: self.now_ms(),
            action,
            outcome: Outcome::Allowed,
            actor: Some(principal.account().clone()),
            subject: Some(subject.to_owned()),
            address: None,
        }
    }

    /// A login that was refused, of an account or of nobody.
    pub(super) fn refused_log_in(
        &self,
        account: Option<&Account>,
        address: Option<IpAddr>,
    ) -> AuditEvent {
        let id = account.map(|account| account.id.clone());
        AuditEvent {
            tenant: account.map_or_else(TenantId::default, |account| account.tenant.clone()),
            at_ms: self.now_ms(),
            action: AuditAction::LogIn,
            outcome: Outcome::Refused,
            subject: id.as_ref().map(AccountId::to_string),
            actor: id,
            address,
        }
    }
}
