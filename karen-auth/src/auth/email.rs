//! Showing that an email address is one's own, and changing it.

use serde::{Deserialize, Serialize};

use super::Auth;
use super::links::{Link, void_link};
use crate::{Account, AuditAction, AuthError, AuthErrorKind, Device, Email, Principal, Purpose};

/// The address that the link was sent to, and the one that the account had.
#[derive(Serialize, Deserialize)]
struct Addresses {
    from: String,
    to: String,
}

impl Auth {
    /// Mails a link that shows that the principal's address is its own.
    ///
    /// # Errors
    /// `Conflict` when it was shown; `RateLimited`; `Denied` for an API key; `Unavailable` when
    /// mail is not set up.
    pub async fn request_email_verification(&self, principal: &Principal) -> Result<(), AuthError> {
        principal.require_session()?;
        let account = self.own_account(principal).await?;
        if account.email_verified_at_ms.is_some() {
            let reason = "it is confirmed already";
            return Err(AuthError::new(
                AuthErrorKind::Conflict,
                "confirm the email",
                reason,
            ));
        }
        let to = account.email.clone();
        self.send_address_link(account, to.clone(), Some(to)).await
    }

    /// Mails a link to `email`, which becomes the principal's address when the link is followed.
    /// The answer does not tell whether somebody else has an account with that address; in that
    /// case no mail is sent.
    ///
    /// # Errors
    /// `Invalid` for what is no address; `LoginNotRecent`; `RateLimited`; `Unavailable` when mail
    /// is not set up.
    pub async fn request_email_change(
        &self,
        principal: &Principal,
        email: &str,
    ) -> Result<(), AuthError> {
        self.require_recent(principal).await?;
        let email = Email::parse(email)?;
        let account = self.own_account(principal).await?;
        let taken = self.shared.ports.identities.find_by_email(&email).await?;
        let to = taken.is_none().then(|| email.clone());
        self.send_address_link(account, email, to).await
    }

    async fn send_address_link(
        &self,
        account: Account,
        email: Email,
        to: Option<Email>,
    ) -> Result<(), AuthError> {
        self.mailer()?;
        self.shared.throttle.mail(email.as_str(), None).await?;
        let detail = Addresses {
            from: account.email.as_str().to_owned(),
            to: email.as_str().to_owned(),
        };
        let link = Link {
            purpose: Purpose::EmailVerification,
            tenant: account.tenant.clone(),
            account: Some(account),
            to,
            detail,
        };
        self.send_link(link).await.map(drop)
    }

    /// Follows a link of [`request_email_verification`](Self::request_email_verification) or
    /// [`request_email_change`](Self::request_email_change), which needs no session: whoever has
    /// the link reads the address.
    ///
    /// # Errors
    /// `NotFound` for a link that is wrong, expired or was used, and when the account has got
    /// another address since; `Conflict` when somebody else has got this one.
    pub async fn verify_email(&self, token: &str) -> Result<(), AuthError> {
        let purpose = Purpose::EmailVerification;
        let (link, addresses) = self.find_link::<Addresses>(purpose, token).await?;
        let account = link.account.ok_or_else(void_link)?;
        let identity = self
            .shared
            .ports
            .identities
            .get(&link.tenant, &account)
            .await?;
        let account = identity.ok_or_else(void_link)?.account;
        let (from, to) = (Email::parse(&addresses.from)?, Email::parse(&addresses.to)?);
        self.take_link(purpose, token).await?;
        let event = self.event(&account, AuditAction::EmailVerified, &Device::default());
        self.shared.ports.audit.append(&event).await?;
        let now_ms = self.now_ms();
        let identities = &self.shared.ports.identities;
        let is_set = identities.set_email(&link.tenant, &account.id, &from, &to, now_ms);
        if !is_set.await? {
            return Err(void_link());
        }
        match from == to {
            true => Ok(()),
            false => {
                self.notify(&from, "The email of your account was changed")
                    .await
            }
        }
    }
}
