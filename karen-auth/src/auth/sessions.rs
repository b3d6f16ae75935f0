//! Listing and ending one's own sessions.

use super::Auth;
use crate::account::checked_name;
use crate::{AuditAction, AuthError, AuthErrorKind, Principal, Session, SessionId, SessionInfo};

impl Auth {
    /// Ends the session of the principal: its access and its refresh token are dead at once.
    ///
    /// # Errors
    /// `Denied` for an API key, which has no session.
    pub async fn log_out(&self, principal: &Principal) -> Result<(), AuthError> {
        let session = principal.require_session()?;
        self.end_own(principal, session).await?;
        let event = self.event_by(principal, AuditAction::LogOut, session.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Ends every session of the principal's account, this one too. API keys live on.
    ///
    /// # Errors
    /// `Denied` for an API key.
    pub async fn log_out_everywhere(&self, principal: &Principal) -> Result<(), AuthError> {
        principal.require_session()?;
        let (tenant, account) = (principal.tenant(), principal.account());
        let ports = &self.shared.ports;
        ports.identities.raise_epoch(tenant, account).await?;
        ports.sessions.delete_all(tenant, account, None).await?;
        self.shared.live.end_account(tenant, account);
        let action = AuditAction::LogOutEverywhere;
        let event = self.event_by(principal, action, account.as_str());
        ports.audit.append(&event).await.map(drop)
    }

    /// The sessions of the principal's account, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn sessions(&self, principal: &Principal) -> Result<Vec<SessionInfo>, AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        let sessions = self.shared.ports.sessions.list(tenant, account).await?;
        let in_force = sessions
            .into_iter()
            .filter(|s| self.now_ms() < s.expires_at_ms);
        Ok(in_force.map(|session| info(session, principal)).collect())
    }

    /// Calls the device of one session of the principal's account `name`.
    ///
    /// # Errors
    /// `NotFound` when the account has no such session; `Invalid` for a name that is empty or has
    /// more than 100 characters; `Denied` for an API key.
    pub async fn name_session(
        &self,
        principal: &Principal,
        session: &SessionId,
        name: &str,
    ) -> Result<(), AuthError> {
        principal.require_session()?;
        let name = checked_name(name)?;
        let (tenant, account) = (principal.tenant(), principal.account());
        let sessions = &self.shared.ports.sessions;
        let renamed = sessions.rename(tenant, account, session, &name).await?;
        let absent = || {
            let reason = "there is no such session";
            AuthError::new(AuthErrorKind::NotFound, "name the session", reason)
        };
        renamed.then_some(()).ok_or_else(absent)
    }

    /// Ends one session of the principal's account.
    ///
    /// # Errors
    /// `NotFound` when the account has no such session; `Denied` for an API key.
    pub async fn revoke_session(
        &self,
        principal: &Principal,
        session: &SessionId,
    ) -> Result<(), AuthError> {
        principal.require_session()?;
        if !self.end_own(principal, session).await? {
            let reason = "there is no such session";
            return Err(AuthError::new(
                AuthErrorKind::NotFound,
                "end the session",
                reason,
            ));
        }
        let event = self.event_by(principal, AuditAction::LogOut, session.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    async fn end_own(&self, principal: &Principal, id: &SessionId) -> Result<bool, AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        let ended = self
            .shared
            .ports
            .sessions
            .delete(tenant, account, id)
            .await?;
        if ended {
            self.shared.live.end_session(id);
        }
        Ok(ended)
    }
}

pub(super) fn info(session: Session, principal: &Principal) -> SessionInfo {
    SessionInfo {
        is_current: principal.session() == Some(&session.id),
        id: session.id,
        device: session.device,
        created_at_ms: session.created_at_ms,
        refreshed_at_ms: session.refreshed_at_ms,
        expires_at_ms: session.expires_at_ms,
    }
}
