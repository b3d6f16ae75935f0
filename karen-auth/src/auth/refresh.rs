//! From a refresh token to the next access token.

use super::Auth;
use crate::token::{RefreshTicket, Reuse, judge};
use crate::{AuditAction, AuthError, AuthErrorKind, Outcome, Session, SignedIn};

/// Each lost race means that somebody else moved the counter; after some the client asks again.
const RACES_MAX: usize = 8;

impl Auth {
    /// Gives new tokens for `token`, which must not be used again.
    ///
    /// A token that is used again because its answer was lost, or by two tabs at once, gets the
    /// current one. One that comes back later is theft: the session ends, for both parties.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is unknown, expired or reused; what the stores report.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, AuthError> {
        let ticket = RefreshTicket::parse(token).ok_or_else(ended)?;
        for _ in 0..RACES_MAX {
            let session = self.refreshable(&ticket).await?;
            match self.judge(&ticket, &session) {
                Reuse::Forgiven => return self.reissue(session).await,
                Reuse::Ahead => return Err(ended()),
                Reuse::Theft => return self.end_stolen(&session).await,
                Reuse::Current => {}
            }
            if let Some(session) = self.advance(session).await? {
                return self.reissue(session).await;
            }
        }
        let reason = "others use the same session: try again";
        Err(AuthError::new(
            AuthErrorKind::Busy,
            "refresh the session",
            reason,
        ))
    }

    /// Ends the session of a refresh token that is about to be forgotten, such as a browser's when
    /// somebody logs in anew; `false` for what is no token of a session.
    ///
    /// # Errors
    /// What the stores report.
    pub async fn give_up(&self, token: &str) -> Result<bool, AuthError> {
        let Some(ticket) = RefreshTicket::parse(token) else {
            return Ok(false);
        };
        let found = self.shared.ports.sessions.find(&ticket.session).await?;
        let issued = |session: &Session| self.shared.refresh.issued(&ticket, session.key.expose());
        match found.filter(issued) {
            Some(session) => self.end_session(&session).await,
            None => Ok(false),
        }
    }

    /// The session of `ticket`, if this installation issued it and it is in force.
    async fn refreshable(&self, ticket: &RefreshTicket) -> Result<Session, AuthError> {
        let found = self.shared.ports.sessions.find(&ticket.session).await?;
        let session = found.ok_or_else(ended)?;
        if !self.shared.refresh.issued(ticket, session.key.expose()) {
            return Err(ended());
        }
        let now_ms = self.now_ms();
        let idle_until_ms = session.refreshed_at_ms + self.shared.lifetimes.refresh_idle;
        if now_ms < session.expires_at_ms.min(idle_until_ms) {
            return Ok(session);
        }
        self.end_session(&session).await?;
        Err(ended())
    }

    fn judge(&self, ticket: &RefreshTicket, session: &Session) -> Reuse {
        let since_refresh_ms = self.now_ms() - session.refreshed_at_ms;
        let grace_ms = self.shared.lifetimes.refresh_grace;
        judge(ticket.counter, session.counter, since_refresh_ms, grace_ms)
    }

    /// The session one step on; `None` when somebody else was faster.
    async fn advance(&self, session: Session) -> Result<Option<Session>, AuthError> {
        let (now_ms, from) = (self.now_ms(), session.counter);
        let sessions = &self.shared.ports.sessions;
        let moved = sessions
            .advance(&session.tenant, &session.id, from, now_ms)
            .await?;
        Ok(moved.then_some(Session {
            counter: from + 1,
            refreshed_at_ms: now_ms,
            ..session
        }))
    }

    async fn reissue(&self, session: Session) -> Result<SignedIn, AuthError> {
        let identities = &self.shared.ports.identities;
        let identity = identities.get(&session.tenant, &session.account).await?;
        let identity = identity.ok_or_else(ended)?;
        if !identity.is_active() {
            return Err(ended());
        }
        self.signed_in(&session, identity.account, identity.epoch)
            .await
    }

    /// The door is closed first; that it was is then written down.
    async fn end_stolen(&self, session: &Session) -> Result<SignedIn, AuthError> {
        self.end_session(session).await?;
        let event = crate::AuditEvent {
            tenant: session.tenant.clone(),
            at_ms: self.now_ms(),
            action: AuditAction::RefreshReuse,
            outcome: Outcome::Refused,
            actor: Some(session.account.clone()),
            subject: Some(session.id.to_string()),
            address: None,
        };
        self.shared.ports.audit.append(&event).await?;
        Err(ended())
    }

    pub(super) async fn end_session(&self, session: &Session) -> Result<bool, AuthError> {
        let Session {
            tenant,
            account,
            id,
            ..
        } = session;
        let ended = self
            .shared
            .ports
            .sessions
            .delete(tenant, account, id)
            .await?;
        self.shared.live.end_session(id);
        Ok(ended)
    }
}

fn ended() -> AuthError {
    let reason = "it has ended: log in again";
    AuthError::new(
        AuthErrorKind::Unauthenticated,
        "refresh the session",
        reason,
    )
}
