//! Logging in: from a password to a session.

use std::time::Duration;

use super::Auth;
use crate::password::{Password, Verdict};
use crate::token::Bearer;
use crate::{
    Account, AuditAction, AuthError, AuthErrorKind, Device, Email, Identity, LogIn, Session,
    SessionId, SessionKey, SignedIn,
};

impl Auth {
    /// Logs in and opens a session for `device`.
    ///
    /// A wrong password, an unknown email and a disabled account get the same answer in the same
    /// time. Tries are slowed down by account and by address, never locked out for good; whoever shows
    /// that they logged in from the device before does not wait for the tries of others.
    ///
    /// # Errors
    /// `Unauthenticated`; `RateLimited` and `Busy` with a time to wait; `Denied` when the account
    /// has a second factor, which takes [`begin_log_in`](Self::begin_log_in); what the stores
    /// report.
    pub async fn log_in(
        &self,
        email: &str,
        password: &str,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        match self.begin_log_in(email, password, device).await? {
            LogIn::SignedIn(signed_in) => Ok(signed_in),
            LogIn::CodeNeeded(_) => {
                let reason = "the account has a second factor: log in where a code can be given";
                Err(AuthError::new(AuthErrorKind::Denied, "log in", reason))
            }
        }
    }

    /// Begins a login, which is done unless the account has a second factor: then
    /// [`finish_log_in`](Self::finish_log_in) takes the challenge and a code.
    ///
    /// # Errors
    /// As [`log_in`](Self::log_in), without `Denied`.
    pub async fn begin_log_in(
        &self,
        email: &str,
        password: &str,
        device: Device,
    ) -> Result<LogIn, AuthError> {
        let email = Email::parse(email).ok();
        let password = Password::of(password)?;
        let tried = email.as_ref().map_or("", Email::as_str);
        self.throttle_log_in(tried, &device).await?;
        let known = match &email {
            Some(email) => self.shared.ports.identities.find_by_email(email).await?,
            None => None,
        };
        match self.prove(known, password).await? {
            Proof::Right(identity) => self.admit(identity, device).await,
            Proof::Wrong(account) => {
                let event = self.refused_log_in(account.as_ref(), device.address);
                self.shared.ports.audit.append(&event).await?;
                Err(wrong_password())
            }
        }
    }

    /// A device that is known is tried apart from all others.
    async fn throttle_log_in(&self, email: &str, device: &Device) -> Result<(), AuthError> {
        let (throttle, shown) = (&self.shared.throttle, device.known.as_ref());
        let known = shown.and_then(|shown| {
            let devices = &self.shared.devices;
            devices.knows(shown.as_str(), email, self.now_ms())
        });
        match known {
            Some(known) => throttle.log_in_from_known(&known, device.address).await,
            None => throttle.log_in(email, device.address).await,
        }
    }

    pub(super) async fn admit(
        &self,
        identity: Identity,
        device: Device,
    ) -> Result<LogIn, AuthError> {
        let email = identity.account.email.as_str();
        self.shared.throttle.forgive(email).await?;
        if self.has_second_factor(&identity.account.id).await? {
            return self.challenge(identity, device).await;
        }
        let event = self.event(&identity.account, AuditAction::LogIn, &device);
        self.shared.ports.audit.append(&event).await?;
        let session = self.open_session(identity.account, identity.epoch, device);
        session.await.map(LogIn::SignedIn)
    }

    /// Hashes once, whoever it is.
    async fn prove(&self, known: Option<Identity>, password: Password) -> Result<Proof, AuthError> {
        let Some(identity) = known else {
            self.shared.hashing.verify_nobody(password).await?;
            return Ok(Proof::Wrong(None));
        };
        let stored = identity.password.clone();
        let verdict = self.shared.hashing.verify(password.clone(), stored).await?;
        if verdict == Verdict::Mismatch || !identity.is_active() {
            return Ok(Proof::Wrong(Some(identity.account)));
        }
        if verdict == Verdict::MatchOutdated {
            self.rehash(&identity, password).await?;
        }
        Ok(Proof::Right(identity))
    }

    /// Stores today's hash. A password that was changed in the meantime stays changed.
    async fn rehash(&self, identity: &Identity, password: Password) -> Result<(), AuthError> {
        let Account { tenant, id, .. } = &identity.account;
        let hash = self.shared.hashing.hash(password).await?;
        let identities = &self.shared.ports.identities;
        identities
            .set_password(tenant, id, &identity.password, &hash)
            .await?;
        Ok(())
    }

    pub(super) async fn open_session(
        &self,
        account: Account,
        epoch: i64,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        let now_ms = self.now_ms();
        self.open_session_since(account, epoch, device, now_ms)
            .await
    }

    /// A session whose owner showed its credentials at `authenticated_at_ms`.
    pub(super) async fn open_session_since(
        &self,
        account: Account,
        epoch: i64,
        device: Device,
        authenticated_at_ms: i64,
    ) -> Result<SignedIn, AuthError> {
        let now_ms = self.now_ms();
        let session = Session {
            id: SessionId::random(),
            tenant: account.tenant.clone(),
            account: account.id.clone(),
            key: SessionKey::random(),
            counter: 0,
            device: device.cut(),
            created_at_ms: now_ms,
            authenticated_at_ms,
            refreshed_at_ms: now_ms,
            expires_at_ms: now_ms + self.shared.lifetimes.refresh_absolute,
        };
        self.shared.ports.sessions.insert(&session).await?;
        let device = self.shared.devices.issue(&account.email, now_ms);
        let signed_in = self.signed_in(&session, account, epoch).await?;
        Ok(SignedIn {
            device: Some(device),
            ..signed_in
        })
    }

    /// The tokens of `session` as it stands.
    pub(super) async fn signed_in(
        &self,
        session: &Session,
        account: Account,
        epoch: i64,
    ) -> Result<SignedIn, AuthError> {
        let ring = self.shared.signing.current().await?;
        let now_ms = self.now_ms();
        let expires_at_ms = session
            .expires_at_ms
            .min(now_ms + self.shared.lifetimes.access);
        let bearer = Bearer {
            tenant: session.tenant.clone(),
            account: session.account.clone(),
            session: session.id.clone(),
            epoch,
            expires_at_ms,
        };
        let (access, refresh) = (&self.shared.access, &self.shared.refresh);
        let lasts_ms = u64::try_from(expires_at_ms - now_ms).unwrap_or(0);
        Ok(SignedIn {
            access: access.issue(ring.signing(), &bearer, now_ms),
            refresh: refresh.issue(&session.id, session.key.expose(), session.counter),
            device: None,
            expires_in: Duration::from_millis(lasts_ms),
            account,
        })
    }
}

/// What a login showed.
enum Proof {
    Right(Identity),
    /// The account that it was tried with, if there is one.
    Wrong(Option<Account>),
}

pub(super) fn wrong_password() -> AuthError {
    let reason = "the email or the password is wrong";
    AuthError::new(AuthErrorKind::Unauthenticated, "log in", reason)
}
