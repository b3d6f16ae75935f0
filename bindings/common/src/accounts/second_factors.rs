//! Second factors, as a host calls them.

use karen_core::auth::Auth;

use super::{Enrolment, SecondFactor, who};
use crate::{Failure, Karen, Session};

/// The second factor of whoever asks: an authenticator, and recovery codes for when it is lost.
#[derive(Clone)]
pub struct SecondFactors {
    karen: Karen,
}

impl SecondFactors {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// The second factor of the session's account; `None` without one.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn get(&self, session: &Session) -> Result<Option<SecondFactor>, Failure> {
        let found = self.auth()?.second_factor(who(session)?).await?;
        Ok(found.map(Into::into))
    }

    /// Gives the secret for an authenticator, which is in use once [`confirm`](Self::confirm) has
    /// seen a code of it.
    ///
    /// # Errors
    /// `CONFLICT` for an account that has one, `FORBIDDEN` when the password was not given of late.
    pub async fn begin(&self, session: &Session) -> Result<Enrolment, Failure> {
        Ok(self.auth()?.begin_totp(who(session)?).await?.into())
    }

    /// Takes the authenticator into use; gives the recovery codes, once.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a wrong code, `NOT_FOUND` before [`begin`](Self::begin), `CONFLICT`.
    pub async fn confirm(&self, session: &Session, code: &str) -> Result<Vec<String>, Failure> {
        let codes = self.auth()?.confirm_totp(who(session)?, code).await?;
        Ok(codes.expose().to_vec())
    }

    /// Puts it out of use, with the password and a code.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `NOT_FOUND`, `RATE_LIMITED`.
    pub async fn disable(
        &self,
        session: &Session,
        password: &str,
        code: &str,
    ) -> Result<(), Failure> {
        let auth = self.auth()?;
        Ok(auth
            .disable_second_factor(who(session)?, password, code)
            .await?)
    }

    /// Gives new recovery codes; the earlier ones are void.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` when the password was not given of late.
    pub async fn renew_codes(&self, session: &Session) -> Result<Vec<String>, Failure> {
        let codes = self.auth()?.renew_recovery_codes(who(session)?).await?;
        Ok(codes.expose().to_vec())
    }

    fn auth(&self) -> Result<&Auth, Failure> {
        self.karen.auth()
    }
}
