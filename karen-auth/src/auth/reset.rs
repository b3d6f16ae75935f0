//! Getting back in: with a mail instead of the password, or instead of the second factor.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Auth;
use super::links::{Link, void_link};
use super::log_in::wrong_password;
use super::password::stands_alone;
use crate::password::{Password, Verdict};
use crate::{
    AccountId, AuditAction, AuthError, Device, Email, Identity, OneTimeToken, Outcome, Purpose,
    TenantId,
};

/// The link says it all.
#[derive(Serialize, Deserialize)]
struct Nothing {}

impl Auth {
    /// Mails a link with which the owner of `email` chooses a new password.
    ///
    /// The answer, and the time and the writes that it takes, are the same whether or not there is
    /// such an account.
    ///
    /// # Errors
    /// `RateLimited`; `Unavailable` when mail is not set up; what the stores report.
    pub async fn request_password_reset(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.request_link(Purpose::PasswordReset, email, address)
            .await
    }

    /// Sets the password of the account whose link `token` is. Every session of it ends; a second
    /// factor stays, and is asked for at the next login.
    ///
    /// # Errors
    /// `NotFound` for a link that is wrong, expired or was used; `Invalid` for a password that will
    /// not do, after which the link is still good.
    pub async fn reset_password(&self, token: &str, new: &str) -> Result<(), AuthError> {
        let purpose = Purpose::PasswordReset;
        let (link, Nothing {}) = self.find_link(purpose, token).await?;
        let identity = self.linked(&link).await?;
        let account = &identity.account;
        let new = Password::of(new)?;
        self.require_new(&identity, &new).await?;
        let hash = self.shared.hashing.hash(new).await?;
        self.take_link(purpose, token).await?;
        let event = self.event(account, AuditAction::PasswordReset, &Device::default());
        self.shared.ports.audit.append(&event).await?;
        let (tenant, id) = (&account.tenant, &account.id);
        let identities = &self.shared.ports.identities;
        if !self.replace_password(&identity, &hash).await? {
            return Err(void_link());
        }
        // Who reads the mail has shown that the address is theirs.
        let (email, now_ms) = (&account.email, self.now_ms());
        identities
            .set_email(tenant, id, email, email, now_ms)
            .await?;
        self.end_account(tenant, id).await?;
        self.notify(email, "Your password was reset").await
    }

    /// Mails a link with which the owner of `email` gets in who has lost the second factor and
    /// knows the password. It answers like
    /// [`request_password_reset`](Self::request_password_reset).
    ///
    /// # Errors
    /// As [`request_password_reset`](Self::request_password_reset).
    pub async fn request_recovery(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.request_link(Purpose::Recovery, email, address).await
    }

    /// Takes the second factor of the account away whose link `token` is: authenticator, passkeys and
    /// recovery codes. Every session of it ends;
    /// the next login takes the password alone.
    ///
    /// # Errors
    /// `NotFound` for a link that is wrong, expired or was used; `Unauthenticated` when the
    /// password is wrong, which counts as a try to log in; `Invalid` when it is too short to stand
    /// alone; `RateLimited`. All of these leave the link good.
    pub async fn recover(&self, token: &str, password: &str) -> Result<(), AuthError> {
        let purpose = Purpose::Recovery;
        let (link, Nothing {}) = self.find_link(purpose, token).await?;
        let identity = self.linked(&link).await?;
        let account = &identity.account;
        let (email, stored) = (account.email.as_str(), identity.password.clone());
        self.shared.throttle.log_in(email, None).await?;
        let password = Password::of(password)?;
        let verdict = self.shared.hashing.verify(password.clone(), stored).await?;
        let mut event = self.event(account, AuditAction::Recovered, &Device::default());
        if verdict == Verdict::Mismatch {
            event.outcome = Outcome::Refused;
            self.shared.ports.audit.append(&event).await?;
            return Err(wrong_password());
        }
        let alone = self.shared.passwords.check_length(&password, false);
        alone.map_err(|e| stands_alone().caused_by(e))?;
        self.take_link(purpose, token).await?;
        self.shared.ports.audit.append(&event).await?;
        self.shared.ports.passkeys.delete_all(&account.id).await?;
        self.shared.ports.factors.delete_totp(&account.id).await?;
        self.shared
            .ports
            .factors
            .put_codes(&account.id, &[])
            .await?;
        self.end_account(&account.tenant, &account.id).await?;
        self.notify(&account.email, "Your second factor was removed")
            .await
    }

    async fn request_link(
        &self,
        purpose: Purpose,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.mailer()?;
        let email = Email::parse(email).ok();
        let tried = email.as_ref().map_or("", Email::as_str);
        self.shared.throttle.mail(tried, address).await?;
        let known = match &email {
            Some(email) => self.shared.ports.identities.find_by_email(email).await?,
            None => None,
        };
        let account = known
            .filter(Identity::is_active)
            .map(|identity| identity.account);
        let link = Link {
            purpose,
            tenant: account
                .as_ref()
                .map_or_else(TenantId::default, |a| a.tenant.clone()),
            to: account.as_ref().map(|account| account.email.clone()),
            account,
            detail: Nothing {},
        };
        self.send_link(link).await.map(drop)
    }

    async fn linked(&self, link: &OneTimeToken) -> Result<Identity, AuthError> {
        let account = link.account.as_ref().ok_or_else(void_link)?;
        let identity = self
            .shared
            .ports
            .identities
            .get(&link.tenant, account)
            .await?;
        identity.filter(Identity::is_active).ok_or_else(void_link)
    }

    /// Ends every session of the account in every tenant, and every link and login that waits.
    pub(super) async fn end_account(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<(), AuthError> {
        let ports = &self.shared.ports;
        ports.identities.raise_epoch(tenant, account).await?;
        for purpose in [
            Purpose::Challenge,
            Purpose::PasswordReset,
            Purpose::Recovery,
        ] {
            ports.one_time.delete_of(account, purpose).await?;
        }
        for tenant in ports.identities.tenants_of(account).await? {
            ports.sessions.delete_all(&tenant, account, None).await?;
            self.shared.live.end_account(&tenant, account);
        }
        Ok(())
    }
}
