//! Changing one's password.

use super::Auth;
use super::log_in::wrong_password;
use crate::password::{Password, Verdict, check};
use crate::{AuditAction, AuthError, AuthErrorKind, Identity, Outcome, Principal};

impl Auth {
    /// Changes the principal's password and ends its other sessions; this one lives on.
    ///
    /// # Errors
    /// `Unauthenticated` when `current` is wrong, which counts as a try to log in and may answer
    /// `RateLimited`; `Invalid` when `new` will not do; `Denied` for an API key; `Conflict` when it
    /// was changed at the same time.
    pub async fn change_password(
        &self,
        principal: &Principal,
        current: &str,
        new: &str,
    ) -> Result<(), AuthError> {
        let session = principal.require_session()?;
        let (current, new) = (Password::of(current)?, Password::of(new)?);
        let identity = self.own_identity(principal).await?;
        let account = &identity.account;
        self.shared
            .throttle
            .log_in(account.email.as_str(), None)
            .await?;
        self.require_password(principal, &identity, current).await?;
        self.shared.throttle.forgive(account.email.as_str()).await?;
        check(&new, &account.email, &account.name)?;
        self.set_password(principal, &identity, new).await?;
        let (tenant, id) = (principal.tenant(), principal.account());
        self.shared
            .ports
            .sessions
            .delete_all(tenant, id, Some(session))
            .await?;
        self.shared.live.end_sessions(tenant, id, Some(session));
        Ok(())
    }

    pub(super) async fn own_identity(&self, principal: &Principal) -> Result<Identity, AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        let identity = self.shared.ports.identities.get(tenant, account).await?;
        identity.ok_or_else(|| {
            let reason = "the local user has no account";
            AuthError::new(AuthErrorKind::NotFound, "find the account", reason)
        })
    }

    async fn require_password(
        &self,
        principal: &Principal,
        identity: &Identity,
        password: Password,
    ) -> Result<(), AuthError> {
        let stored = identity.password.clone();
        if self.shared.hashing.verify(password, stored).await? != Verdict::Mismatch {
            return Ok(());
        }
        let action = AuditAction::PasswordChanged;
        let mut event = self.event_by(principal, action, principal.account().as_str());
        event.outcome = Outcome::Refused;
        self.shared.ports.audit.append(&event).await?;
        Err(wrong_password())
    }

    async fn set_password(
        &self,
        principal: &Principal,
        identity: &Identity,
        new: Password,
    ) -> Result<(), AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        let hash = self.shared.hashing.hash(new).await?;
        let event = self.event_by(principal, AuditAction::PasswordChanged, account.as_str());
        let ports = &self.shared.ports;
        ports.audit.append(&event).await?;
        if ports
            .identities
            .set_password(tenant, account, &identity.password, &hash)
            .await?
        {
            return Ok(());
        }
        let reason = "it was changed at the same time: try again";
        Err(AuthError::new(
            AuthErrorKind::Conflict,
            "change the password",
            reason,
        ))
    }
}
