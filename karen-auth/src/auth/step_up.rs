//! Showing one's credentials again before something dangerous.

use super::Auth;
use super::log_in::wrong_password;
use super::second_factor::wrong_code;
use crate::password::{Password, Verdict};
use crate::{AuditAction, AuthError, AuthErrorKind, Identity, Outcome, Principal, SessionId};

impl Auth {
    /// Passes when the principal has shown its credentials in this session not long ago: within
    /// [`AuthConfig::recent`](crate::AuthConfig::recent). To be asked before what a stolen session
    /// must not do.
    ///
    /// # Errors
    /// `LoginNotRecent`, after which [`reauthenticate`](Self::reauthenticate) helps; `Denied` for
    /// an API key; `Unauthenticated` when the session has ended.
    pub async fn require_recent(&self, principal: &Principal) -> Result<(), AuthError> {
        let id = principal.require_session()?;
        let session = self.shared.ports.sessions.find(id).await?.ok_or_else(|| {
            let reason = "the session has ended: log in again";
            AuthError::new(AuthErrorKind::Unauthenticated, "do this", reason)
        })?;
        if self.now_ms() - session.authenticated_at_ms < self.shared.lifetimes.recent {
            return Ok(());
        }
        let reason = "it needs your password, and your code if you have a second factor, once more";
        Err(AuthError::new(
            AuthErrorKind::LoginNotRecent,
            "do this",
            reason,
        ))
    }

    /// The same for what the owner of the data may do as well, by a command on the machine.
    pub(super) async fn require_recent_or_owner(
        &self,
        principal: &Principal,
    ) -> Result<(), AuthError> {
        match principal.is_owner() {
            true => Ok(()),
            false => self.require_recent(principal).await,
        }
    }

    /// Shows the principal's credentials once more: the password, and a code when there is a second
    /// factor. A passkey does as well:
    /// [`reauthenticate_with_passkey`](Self::reauthenticate_with_passkey).
    ///
    /// # Errors
    /// `Unauthenticated` when either is wrong or the code is missing; `RateLimited`; `Denied` for
    /// an API key.
    pub async fn reauthenticate(
        &self,
        principal: &Principal,
        password: &str,
        code: Option<&str>,
    ) -> Result<(), AuthError> {
        let session = principal.require_session()?;
        let password = Password::of(password)?;
        let identity = self.own_identity(principal).await?;
        let action = AuditAction::Reauthenticated;
        self.require_password(principal, &identity, password, action)
            .await?;
        self.require_code(principal, code).await?;
        self.authenticated(principal, session).await
    }

    /// Notes that the principal's credentials were right.
    pub(super) async fn authenticated(
        &self,
        principal: &Principal,
        session: &SessionId,
    ) -> Result<(), AuthError> {
        let action = AuditAction::Reauthenticated;
        let event = self.event_by(principal, action, session.as_str());
        self.shared.ports.audit.append(&event).await?;
        let (tenant, now_ms) = (principal.tenant(), self.now_ms());
        let sessions = &self.shared.ports.sessions;
        sessions
            .set_authenticated(tenant, session, now_ms)
            .await
            .map(drop)
    }

    /// Checks the principal's password. It counts as a try to log in.
    pub(super) async fn require_password(
        &self,
        principal: &Principal,
        identity: &Identity,
        password: Password,
        action: AuditAction,
    ) -> Result<(), AuthError> {
        let email = identity.account.email.as_str();
        self.shared.throttle.log_in(email, None).await?;
        let stored = identity.password.clone();
        if self.shared.hashing.verify(password, stored).await? == Verdict::Mismatch {
            self.audit_refused(principal, action).await?;
            return Err(wrong_password());
        }
        self.shared.throttle.forgive(email).await
    }

    async fn require_code(
        &self,
        principal: &Principal,
        code: Option<&str>,
    ) -> Result<(), AuthError> {
        let account = principal.account();
        if !self.has_second_factor(account).await? {
            return Ok(());
        }
        if let Some(code) = code
            && self.use_code(account, code).await?
        {
            return Ok(());
        }
        self.audit_refused(principal, AuditAction::Reauthenticated)
            .await?;
        Err(wrong_code())
    }

    async fn audit_refused(
        &self,
        principal: &Principal,
        action: AuditAction,
    ) -> Result<(), AuthError> {
        let mut event = self.event_by(principal, action, principal.account().as_str());
        event.outcome = Outcome::Refused;
        self.shared.ports.audit.append(&event).await.map(drop)
    }
}
