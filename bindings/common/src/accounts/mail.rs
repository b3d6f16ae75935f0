//! What takes a mail, as a host calls it.

use karen_core::auth::{Auth, OneTimeTokenId};

use super::{Account, Invitation, who};
use crate::{Failure, Karen, Session};

/// Invitations, and links that show who reads an address. Karen sends the mails while it is open;
/// `[mail]` of the settings says how.
#[derive(Clone)]
pub struct Mail {
    karen: Karen,
}

impl Mail {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// Whether mail is set up: without it there are no invitations and no links.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn is_set_up(&self) -> Result<bool, Failure> {
        Ok(self.auth()?.sends_mail())
    }

    /// Mails an invitation into the session's tenant.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `RATE_LIMITED`, `UNAVAILABLE` without mail.
    pub async fn invite(
        &self,
        session: &Session,
        email: &str,
        role: &str,
    ) -> Result<Invitation, Failure> {
        let (auth, role) = (self.auth()?, role.parse()?);
        Ok(auth.invite(who(session)?, email, role).await?.into())
    }

    /// Who is invited into the session's tenant and has not come yet.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn invitations(&self, session: &Session) -> Result<Vec<Invitation>, Failure> {
        let waiting = self.auth()?.invitations(who(session)?).await?;
        Ok(waiting.into_iter().map(Into::into).collect())
    }

    /// Makes an invitation void.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn revoke_invitation(&self, session: &Session, id: &str) -> Result<(), Failure> {
        let (auth, id) = (self.auth()?, OneTimeTokenId::parse(id)?);
        Ok(auth.revoke_invitation(who(session)?, &id).await?)
    }

    /// Makes the account that an invitation or a registration is for.
    ///
    /// # Errors
    /// `NOT_FOUND` for a link that is void, `INVALID_ARGUMENT`, `CONFLICT`.
    pub async fn accept_invitation(
        &self,
        token: &str,
        name: &str,
        password: &str,
    ) -> Result<Account, Failure> {
        let account = self.auth()?.accept_invitation(token, name, password);
        Ok(account.await?.into())
    }

    /// Mails a link that makes an account, where registration is open.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `RATE_LIMITED`, `UNAVAILABLE` without mail.
    pub async fn request_registration(&self, email: &str) -> Result<(), Failure> {
        Ok(self.auth()?.request_registration(email, None).await?)
    }

    /// Mails a link that shows that the session's account reads its address.
    ///
    /// # Errors
    /// `CONFLICT` when it is known already, `FORBIDDEN`, `RATE_LIMITED`, `UNAVAILABLE`.
    pub async fn request_email_verification(&self, session: &Session) -> Result<(), Failure> {
        let auth = self.auth()?;
        Ok(auth.request_email_verification(who(session)?).await?)
    }

    /// Mails a link that gives the session's account another address.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `RATE_LIMITED`, `UNAVAILABLE`; `FORBIDDEN` when the password was not
    /// given of late.
    pub async fn request_email_change(
        &self,
        session: &Session,
        email: &str,
    ) -> Result<(), Failure> {
        let auth = self.auth()?;
        Ok(auth.request_email_change(who(session)?, email).await?)
    }

    /// Follows the link of either.
    ///
    /// # Errors
    /// `NOT_FOUND` for a link that is void, `CONFLICT` for an address that was taken since.
    pub async fn verify_email(&self, token: &str) -> Result<(), Failure> {
        Ok(self.auth()?.verify_email(token).await?)
    }

    /// Mails a link that sets a new password, if the address has an account.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `RATE_LIMITED`, `UNAVAILABLE` without mail.
    pub async fn request_password_reset(&self, email: &str) -> Result<(), Failure> {
        Ok(self.auth()?.request_password_reset(email, None).await?)
    }

    /// Follows it: every sign-in of the account ends.
    ///
    /// # Errors
    /// `NOT_FOUND` for a link that is void, `INVALID_ARGUMENT`.
    pub async fn reset_password(&self, token: &str, new: &str) -> Result<(), Failure> {
        Ok(self.auth()?.reset_password(token, new).await?)
    }

    /// Mails a link that takes the second factor away, if the address has an account.
    ///
    /// # Errors
    /// As [`request_password_reset`](Self::request_password_reset).
    pub async fn request_recovery(&self, email: &str) -> Result<(), Failure> {
        Ok(self.auth()?.request_recovery(email, None).await?)
    }

    /// Follows it, with the password: every sign-in of the account ends.
    ///
    /// # Errors
    /// `NOT_FOUND` for a link that is void, `UNAUTHENTICATED`, `RATE_LIMITED`.
    pub async fn recover(&self, token: &str, password: &str) -> Result<(), Failure> {
        Ok(self.auth()?.recover(token, password).await?)
    }

    fn auth(&self) -> Result<&Auth, Failure> {
        self.karen.auth()
    }
}
