//! The second factor: taking an authenticator into use, and out of it. Passkeys are another.

use super::Auth;
use super::password::stands_alone;
use crate::factor::TotpFactor;
use crate::password::Password;
use crate::recovery_code::hash_of;
use crate::seal::Place;
use crate::totp::TotpSeed;
use crate::{
    AccountId, AuditAction, AuthError, AuthErrorKind, Principal, RecoveryCodes, SecondFactor,
    TotpEnrolment,
};

/// A code of an authenticator has as many digits; whatever is longer is a recovery code.
const TOTP_DIGITS: usize = 6;

impl Auth {
    /// The principal's second factor; `None` while a password is all it takes.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn second_factor(
        &self,
        principal: &Principal,
    ) -> Result<Option<SecondFactor>, AuthError> {
        let (ports, account) = (&self.shared.ports, principal.account());
        let totp = ports.factors.totp(account).await?;
        let authenticator = totp.and_then(|totp| totp.confirmed_at_ms);
        let passkeys = ports.passkeys.list(account).await?;
        let passkey = passkeys.first().map(|passkey| passkey.created_at_ms);
        let Some(since_ms) = authenticator.into_iter().chain(passkey).min() else {
            return Ok(None);
        };
        Ok(Some(SecondFactor {
            since_ms,
            has_authenticator: authenticator.is_some(),
            passkeys: u32::try_from(passkeys.len()).unwrap_or(u32::MAX),
            recovery_codes: ports.factors.codes_left(account).await?,
        }))
    }

    /// Draws a secret for the principal's authenticator. It protects nothing until
    /// [`confirm_totp`](Self::confirm_totp) has seen a code of it.
    ///
    /// # Errors
    /// `LoginNotRecent`; `Conflict` when there is an authenticator; `Denied` for an API key.
    pub async fn begin_totp(&self, principal: &Principal) -> Result<TotpEnrolment, AuthError> {
        self.require_recent(principal).await?;
        let account = self.own_account(principal).await?;
        let seed = TotpSeed::random();
        let totp = TotpFactor {
            sealed: self.shared.sealer.seal(place(&account.id), seed.expose()),
            created_at_ms: self.now_ms(),
            confirmed_at_ms: None,
            last_step: 0,
        };
        if !self
            .shared
            .ports
            .factors
            .begin_totp(&account.id, &totp)
            .await?
        {
            return Err(has_factor());
        }
        let issuer = &self.shared.display_name;
        Ok(TotpEnrolment::new(&seed, issuer, account.email.as_str()))
    }

    /// Takes the authenticator into use that shows `code`. From here on a login takes a code too.
    /// The recovery codes are shown here and never again.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong code; `NotFound` when nothing was begun; `Conflict` when there
    /// is an authenticator; `LoginNotRecent`; `RateLimited`.
    pub async fn confirm_totp(
        &self,
        principal: &Principal,
        code: &str,
    ) -> Result<RecoveryCodes, AuthError> {
        self.require_recent(principal).await?;
        let (factors, account) = (&self.shared.ports.factors, principal.account());
        let totp = factors.totp(account).await?.ok_or_else(no_factor)?;
        if totp.confirmed_at_ms.is_some() {
            return Err(has_factor());
        }
        self.shared.throttle.code(account.as_str()).await?;
        let seed = self.seed(account, &totp)?;
        let step = seed.step_of(code, self.now_ms()).ok_or_else(wrong_code)?;
        self.shared.throttle.forgive_codes(account.as_str()).await?;
        let codes = RecoveryCodes::random();
        self.audit_own(principal, AuditAction::SecondFactorAdded)
            .await?;
        let (now_ms, hashes) = (self.now_ms(), codes.hashes());
        let confirmed = factors.confirm_totp(account, &totp.sealed, step, now_ms, &hashes);
        if !confirmed.await? {
            return Err(has_factor());
        }
        self.end_other_sessions(principal).await?;
        let email = self.own_account(principal).await?.email;
        self.notify(&email, "Your account has a second factor")
            .await?;
        Ok(codes)
    }

    /// Takes the authenticator out of use, and the recovery codes unless there is a passkey. It takes
    /// the password and a code, or a recovery code.
    ///
    /// # Errors
    /// `Unauthenticated` when either is wrong; `NotFound` when there is none; `Invalid` when the
    /// password is too short to stand alone; `RateLimited`; `Denied` for an API key.
    pub async fn disable_second_factor(
        &self,
        principal: &Principal,
        password: &str,
        code: &str,
    ) -> Result<(), AuthError> {
        let account = principal.account();
        if !self.has_authenticator(account).await? {
            return Err(no_factor());
        }
        self.reauthenticate(principal, password, Some(code)).await?;
        let alone = Password::of(password)?;
        let alone = self.shared.passwords.check_length(&alone, false);
        alone.map_err(|e| stands_alone().caused_by(e))?;
        self.audit_own(principal, AuditAction::SecondFactorRemoved)
            .await?;
        let ports = &self.shared.ports;
        ports.factors.delete_totp(account).await?;
        if ports.passkeys.list(account).await?.is_empty() {
            ports.factors.put_codes(account, &[]).await?;
        }
        self.end_other_sessions(principal).await?;
        let email = self.own_account(principal).await?.email;
        self.notify(&email, "Your second factor was removed").await
    }

    /// Replaces the recovery codes. Those before are void.
    ///
    /// # Errors
    /// `LoginNotRecent`; `NotFound` when there is no second factor.
    pub async fn renew_recovery_codes(
        &self,
        principal: &Principal,
    ) -> Result<RecoveryCodes, AuthError> {
        self.require_recent(principal).await?;
        if self.second_factor(principal).await?.is_none() {
            return Err(no_factor());
        }
        let codes = RecoveryCodes::random();
        self.audit_own(principal, AuditAction::RecoveryCodesRenewed)
            .await?;
        let factors = &self.shared.ports.factors;
        factors
            .put_codes(principal.account(), &codes.hashes())
            .await?;
        Ok(codes)
    }

    /// Whether a login to the account takes a second step.
    pub(super) async fn has_second_factor(&self, account: &AccountId) -> Result<bool, AuthError> {
        let passkeys = &self.shared.ports.passkeys;
        Ok(self.has_authenticator(account).await? || !passkeys.list(account).await?.is_empty())
    }

    /// Whether the account has an authenticator, beside which a password may be short: it does not
    /// leave but with the password, as passkeys do.
    pub(super) async fn has_authenticator(&self, account: &AccountId) -> Result<bool, AuthError> {
        let totp = self.shared.ports.factors.totp(account).await?;
        Ok(totp.is_some_and(|totp| totp.confirmed_at_ms.is_some()))
    }

    /// Uses up `code`, of the authenticator or of the recovery codes; `false` when it is wrong or
    /// was used.
    ///
    /// Guesses at six digits are slowed down. Recovery codes cannot be guessed, so that whoever
    /// has one gets in however many guesses somebody else makes.
    pub(super) async fn use_code(
        &self,
        account: &AccountId,
        code: &str,
    ) -> Result<bool, AuthError> {
        let factors = &self.shared.ports.factors;
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() > TOTP_DIGITS {
            return factors.use_code(account, &hash_of(code)).await;
        }
        self.shared.throttle.code(account.as_str()).await?;
        let Some(totp) = factors.totp(account).await? else {
            return Ok(false);
        };
        let Some(step) = self.seed(account, &totp)?.step_of(&digits, self.now_ms()) else {
            return Ok(false);
        };
        let is_fresh = factors.use_step(account, step).await?;
        if is_fresh {
            self.shared.throttle.forgive_codes(account.as_str()).await?;
        }
        Ok(is_fresh)
    }

    /// Re-encrypts the seeds that an earlier secret has encrypted.
    pub(super) async fn reseal_seeds(&self) -> Result<(), AuthError> {
        let factors = &self.shared.ports.factors;
        let mut after = None;
        loop {
            let page = factors.list(after.as_ref(), 100).await?;
            for (account, totp) in &page {
                if let Some(sealed) = self.shared.sealer.reseal(&totp.sealed)? {
                    factors.reseal(account, &totp.sealed, &sealed).await?;
                }
            }
            match page.into_iter().next_back() {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    fn seed(&self, account: &AccountId, totp: &TotpFactor) -> Result<TotpSeed, AuthError> {
        let seed = self.shared.sealer.open(place(account), &totp.sealed)?;
        Ok(TotpSeed::stored(&seed).expect("what opens is what was sealed"))
    }

    async fn audit_own(&self, principal: &Principal, action: AuditAction) -> Result<(), AuthError> {
        let event = self.event_by(principal, action, principal.account().as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }
}

fn place(account: &AccountId) -> Place<'_> {
    Place {
        purpose: "totp",
        owner: account.as_str(),
    }
}

pub(super) fn wrong_code() -> AuthError {
    let reason = "the code is wrong, or was used: wait for the next one";
    AuthError::new(AuthErrorKind::Unauthenticated, "check the code", reason)
}

fn has_factor() -> AuthError {
    let reason = "there is one already: disable it first";
    AuthError::new(AuthErrorKind::Conflict, "add a second factor", reason)
}

fn no_factor() -> AuthError {
    let reason = "there is none: begin with one";
    AuthError::new(AuthErrorKind::NotFound, "find the second factor", reason)
}
