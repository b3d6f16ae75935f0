//! Changing one's password.

use super::Auth;
use crate::password::{Password, Verdict, Whose};
use crate::{
    Account, AuditAction, AuthError, AuthErrorKind, Email, Identity, PasswordChange, Principal,
    Purpose,
};

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
        principal.require_session()?;
        let (current, new) = (Password::of(current)?, Password::of(new)?);
        let identity = self.own_identity(principal).await?;
        let account = &identity.account;
        let action = AuditAction::PasswordChanged;
        self.require_password(principal, &identity, current, action)
            .await?;
        self.require_new(&identity, &new).await?;
        self.set_password(principal, &identity, new).await?;
        self.end_other_sessions(principal).await?;
        self.notify(&account.email, "Your password was changed")
            .await
    }

    /// Ends the sessions of the principal's account but this one, and every login that waits for a
    /// code.
    pub(super) async fn end_other_sessions(&self, principal: &Principal) -> Result<(), AuthError> {
        let (tenant, account) = (principal.tenant(), principal.account());
        let (ports, kept) = (&self.shared.ports, principal.session());
        ports
            .one_time
            .delete_of(account, Purpose::Challenge)
            .await?;
        ports.sessions.delete_all(tenant, account, kept).await?;
        self.shared.live.end_sessions(tenant, account, kept);
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

    async fn set_password(
        &self,
        principal: &Principal,
        identity: &Identity,
        new: Password,
    ) -> Result<(), AuthError> {
        let hash = self.shared.hashing.hash(new).await?;
        let subject = principal.account().as_str();
        let event = self.event_by(principal, AuditAction::PasswordChanged, subject);
        self.shared.ports.audit.append(&event).await?;
        if self.replace_password(identity, &hash).await? {
            return Ok(());
        }
        let reason = "it was changed at the same time: try again";
        Err(AuthError::new(
            AuthErrorKind::Conflict,
            "change the password",
            reason,
        ))
    }

    /// Passes a password for somebody with this email and name.
    pub(super) async fn check_password(
        &self,
        password: &Password,
        email: &Email,
        name: &str,
        has_second_factor: bool,
    ) -> Result<(), AuthError> {
        let whose = Whose {
            email,
            name,
            installation: &self.shared.display_name,
            has_second_factor,
        };
        self.shared.passwords.check(password, whose)?;
        match &self.shared.breaches {
            Some(breaches) => breaches.check(password).await,
            None => Ok(()),
        }
    }

    /// Passes a password that the account may have next: a good one, and none of its last.
    pub(super) async fn require_new(
        &self,
        identity: &Identity,
        new: &Password,
    ) -> Result<(), AuthError> {
        let account = &identity.account;
        let has_authenticator = self.has_authenticator(&account.id).await?;
        let (email, name) = (&account.email, &account.name);
        self.check_password(new, email, name, has_authenticator)
            .await?;
        let (history, identities) = (self.shared.passwords.history, &self.shared.ports.identities);
        if history == 0 {
            return Ok(());
        }
        let earlier = identities
            .earlier_passwords(&account.id, history - 1)
            .await?;
        for hash in std::iter::once(identity.password.clone()).chain(earlier) {
            let verdict = self.shared.hashing.verify(new.clone(), hash).await?;
            if verdict != Verdict::Mismatch {
                let reason = "it is one of your last ones: choose another";
                let operation = "use this password";
                return Err(AuthError::new(AuthErrorKind::Invalid, operation, reason));
            }
        }
        Ok(())
    }

    /// Replaces the hash, and remembers it; `false` when it was replaced at the same time.
    pub(super) async fn replace_password(
        &self,
        identity: &Identity,
        hash: &str,
    ) -> Result<bool, AuthError> {
        let change = PasswordChange {
            from: &identity.password,
            to: hash,
            at_ms: self.now_ms(),
            // The one in use is the first of those that cannot come back.
            remembered: self.shared.passwords.history.saturating_sub(1),
        };
        let Account { tenant, id, .. } = &identity.account;
        let identities = &self.shared.ports.identities;
        identities.replace_password(tenant, id, change).await
    }
}

/// A short password is good beside a second factor only.
pub(super) fn stands_alone() -> AuthError {
    let reason = "the password is too short to stand alone: choose a longer one first";
    AuthError::new(AuthErrorKind::Invalid, "remove the second factor", reason)
}
