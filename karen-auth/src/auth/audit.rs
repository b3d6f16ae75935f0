//! Writing and reading the audit log.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Auth;
use crate::{
    Account, AccountId, AuditAction, AuditChain, AuditCheckpoint, AuditEntry, AuditEvent,
    AuthError, AuthErrorKind, Device, Outcome, Page, Permission, Principal, TenantId,
};

/// Entries that are verified at a time.
const BATCH: u32 = 4096;
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

    /// Walks the tenant's log from where it begins and answers where it ends.
    ///
    /// Checkpoints that were `kept` elsewhere show what the log itself cannot: that its end was cut
    /// off, or that all of it was written anew.
    ///
    /// # Errors
    /// `Denied` without `audit:read`; `Invalid` for a checkpoint of another log; `Corrupt`, with the
    /// number of the first entry that was changed, or that follows one which was removed or moved, or
    /// that is not what was signed.
    pub async fn verify_audit_log(
        &self,
        principal: &Principal,
        kept: &[AuditCheckpoint],
    ) -> Result<AuditChain, AuthError> {
        principal.require(Permission::AuditRead)?;
        for checkpoint in kept {
            self.require_own(checkpoint, principal.tenant())?;
        }
        self.walk(principal.tenant(), u64::MAX, kept).await
    }

    /// Verifies the tenant's log and signs where it ends. To be kept where who can write the
    /// database cannot write.
    ///
    /// # Errors
    /// As [`verify_audit_log`](Self::verify_audit_log).
    pub async fn audit_checkpoint(
        &self,
        principal: &Principal,
    ) -> Result<AuditCheckpoint, AuthError> {
        let chain = self.verify_audit_log(principal, &[]).await?;
        let (tenant, now_ms) = (principal.tenant(), self.now_ms());
        Ok(self.shared.checkpoints.sign(tenant, chain.head(), now_ms))
    }

    /// Deletes what is older than [`AuthConfig::audit_retention`](crate::AuthConfig::audit_retention)
    /// from every tenant's log, up to a checkpoint that stands in its place. A log that was tampered
    /// with is left as it is.
    pub(super) async fn shorten_audit_logs(&self) -> Result<(), AuthError> {
        let Some(retention_ms) = self.shared.lifetimes.audit else {
            return Ok(());
        };
        let before_ms = self.now_ms() - retention_ms;
        let mut after: Option<TenantId> = None;
        loop {
            let (limit, page) = (PAGE_MAX, after.as_ref());
            let tenants = Page { limit, after: page };
            let tenants = self.shared.ports.tenants.list(tenants).await?;
            for tenant in &tenants {
                self.shorten_audit_log(&tenant.id, before_ms).await?;
            }
            match tenants.last() {
                Some(last) => after = Some(last.id.clone()),
                None => return Ok(()),
            }
        }
    }

    async fn shorten_audit_log(&self, tenant: &TenantId, before_ms: i64) -> Result<(), AuthError> {
        let audit = &self.shared.ports.audit;
        let Some(last) = audit.last_before(tenant, before_ms).await? else {
            return Ok(());
        };
        let chain = self.walk(tenant, last, &[]).await?;
        let now_ms = self.now_ms();
        let checkpoint = self.shared.checkpoints.sign(tenant, chain.head(), now_ms);
        audit.cut(&checkpoint).await
    }

    /// Steps over the entries up to number `last`.
    async fn walk(
        &self,
        tenant: &TenantId,
        last: u64,
        kept: &[AuditCheckpoint],
    ) -> Result<AuditChain, AuthError> {
        let mut chain = self.beginning(tenant).await?;
        let mut signed: BTreeMap<u64, [u8; 32]> = kept.iter().map(AuditCheckpoint::head).collect();
        // What was cut off in the meantime cannot be looked at any more.
        signed = signed.split_off(&chain.head().0);
        loop {
            let (seq, hash) = chain.head();
            if signed.remove(&seq).is_some_and(|signed| signed != hash) {
                return Err(tampered(format!(
                    "entry {seq} is not the one that was signed"
                )));
            }
            let wanted = u64::from(BATCH).min(last - seq);
            let limit = u32::try_from(wanted).expect("no more than a batch");
            let batch = self.shared.ports.audit.list(tenant, seq, limit).await?;
            if batch.is_empty() || limit == 0 {
                return match signed.pop_first() {
                    Some((seq, _)) => Err(tampered(format!("entry {seq} was signed and is gone"))),
                    None => Ok(chain),
                };
            }
            for entry in &batch {
                step(&mut chain, entry, &mut signed)?;
            }
        }
    }

    /// Where the walk begins: at the first entry, or where the log was cut by this installation.
    async fn beginning(&self, tenant: &TenantId) -> Result<AuditChain, AuthError> {
        let Some(cut) = self.shared.ports.audit.begins_after(tenant).await? else {
            return Ok(AuditChain::default());
        };
        if cut.tenant() != tenant || !self.shared.checkpoints.knows(&cut) {
            return Err(tampered(
                "it begins at a checkpoint of somebody else's".to_owned(),
            ));
        }
        let (seq, hash) = cut.head();
        Ok(AuditChain::resume(seq, hash))
    }

    fn require_own(
        &self,
        checkpoint: &AuditCheckpoint,
        tenant: &TenantId,
    ) -> Result<(), AuthError> {
        if checkpoint.tenant() == tenant && self.shared.checkpoints.knows(checkpoint) {
            return Ok(());
        }
        let reason = "the checkpoint is of another log, or was signed with a secret that is gone";
        let operation = "verify the audit log";
        Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
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

fn step(
    chain: &mut AuditChain,
    entry: &AuditEntry,
    signed: &mut BTreeMap<u64, [u8; 32]>,
) -> Result<(), AuthError> {
    if !chain.step(entry) {
        let seq = entry.seq;
        return Err(tampered(format!(
            "entry {seq} does not follow the one before it"
        )));
    }
    match signed.remove(&entry.seq) {
        Some(hash) if hash != entry.hash => {
            let reason = format!("entry {} is not the one that was signed", entry.seq);
            Err(tampered(reason))
        }
        _ => Ok(()),
    }
}

fn tampered(reason: String) -> AuthError {
    AuthError::new(AuthErrorKind::Corrupt, "verify the audit log", reason)
}
