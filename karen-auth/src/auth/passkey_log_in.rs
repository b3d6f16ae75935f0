//! Passkeys: signing in with one, as the only factor or the second, and showing it once more.

use std::net::IpAddr;

use super::Auth;
use super::passkeys::{base64url, begin_again, disbelief, handle};
use crate::passkey::{Ceremony, ClientData, shown};
use crate::{
    AccountId, AuditAction, AuditEvent, AuthError, AuthErrorKind, Device, Identity, Outcome,
    Passkey, PasskeyAssertion, PasskeyRequest, PasskeyUse, Principal, Purpose, SignedIn, TenantId,
    UserVerification,
};

/// What the answer of a browser has to be about.
enum Challenge<'a> {
    /// One that is kept, and used up.
    Kept(Purpose, Option<&'a AccountId>),
    /// This one, which somebody else keeps.
    Text(&'a str),
}

impl Auth {
    /// Begins a login with whichever passkey somebody chooses: nobody says who it is before the
    /// device does.
    ///
    /// # Errors
    /// `RateLimited` by address; `Invalid` as of [`begin_passkey`](Self::begin_passkey).
    pub async fn begin_passkey_log_in(
        &self,
        address: Option<IpAddr>,
    ) -> Result<PasskeyRequest, AuthError> {
        let party = self.relying_party()?;
        self.shared.throttle.visit(address).await?;
        let whose = (&TenantId::default(), None);
        Ok(PasskeyRequest {
            challenge: self.passkey_challenge(Purpose::PasskeyLogIn, whose).await?,
            relying_party_id: party.id.clone(),
            allow: Vec::new(),
            verification: UserVerification::Required,
        })
    }

    /// Signs in whom the passkey belongs to, into the tenant that they joined first among those that
    /// they may come into. The device has verified who it is, so that nothing else is asked for.
    ///
    /// # Errors
    /// `Unauthenticated` for an answer that cannot be believed: of a passkey that is unknown or was
    /// copied, another site's, another ceremony's, one that is late or was used; and for an account
    /// that may not come in.
    pub async fn finish_passkey_log_in(
        &self,
        answer: &PasskeyAssertion,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        let Some((passkey, identity)) = self.owner_of(answer).await? else {
            let event = self.refused_log_in(None, device.address);
            self.shared.ports.audit.append(&event).await?;
            return Err(unknown());
        };
        // The device chose the account, so that it has to say which.
        let challenge = Challenge::Kept(Purpose::PasskeyLogIn, None);
        let believed = match answer.user_handle {
            Some(_) => {
                self.verify_passkey(answer, &passkey, challenge, UserVerification::Required)
                    .await
            }
            None => Err(unknown()),
        };
        let event = self.refused_log_in(Some(&identity.account), device.address);
        self.or_audit(believed, event).await?;
        if !identity.is_active() {
            return Err(unknown());
        }
        let event = self.event(&identity.account, AuditAction::LogIn, &device);
        self.shared.ports.audit.append(&event).await?;
        self.open_session(identity.account, identity.epoch, device)
            .await
    }

    /// What a browser needs to finish the login that `challenge` began with a passkey in place of a
    /// code.
    ///
    /// # Errors
    /// `NotFound` when the account has no passkey; `Unauthenticated` for a challenge that is
    /// unknown, used or five minutes old; `Invalid` as of
    /// [`begin_passkey`](Self::begin_passkey).
    pub async fn begin_passkey_step(&self, challenge: &str) -> Result<PasskeyRequest, AuthError> {
        let party = self.relying_party()?;
        let account = self.challenged_account(challenge).await?;
        let known = self.shared.ports.passkeys.list(&account).await?;
        if known.is_empty() {
            return Err(none_yet());
        }
        Ok(PasskeyRequest {
            // It is random, good once and bound to the account, as it has to be.
            challenge: base64url(challenge.as_bytes()),
            relying_party_id: party.id.clone(),
            allow: known.iter().map(handle).collect(),
            verification: UserVerification::Preferred,
        })
    }

    /// Finishes the login that `challenge` began with a passkey in place of a code.
    ///
    /// # Errors
    /// As [`finish_log_in`](Self::finish_log_in), where the passkey is the code.
    pub async fn finish_passkey_step(
        &self,
        challenge: &str,
        answer: &PasskeyAssertion,
    ) -> Result<SignedIn, AuthError> {
        let begun = self.begun(challenge).await?;
        let account = &begun.identity.account.id;
        let wanted = base64url(challenge.as_bytes());
        let believed = self
            .verify_passkey_of(
                answer,
                account,
                Challenge::Text(&wanted),
                UserVerification::Preferred,
            )
            .await;
        self.or_audit(believed, begun.refused(self.now_ms()))
            .await?;
        self.complete(challenge, begun).await
    }

    /// Begins to show the principal's credentials once more with a passkey, in place of password and
    /// code.
    ///
    /// # Errors
    /// `NotFound` when the account has none; `Denied` for an API key; `Invalid` as of
    /// [`begin_passkey`](Self::begin_passkey).
    pub async fn begin_passkey_proof(
        &self,
        principal: &Principal,
    ) -> Result<PasskeyRequest, AuthError> {
        principal.require_session()?;
        let party = self.relying_party()?;
        let known = self.passkeys(principal).await?;
        if known.is_empty() {
            return Err(none_yet());
        }
        let whose = (principal.tenant(), Some(principal.account()));
        Ok(PasskeyRequest {
            challenge: self.passkey_challenge(Purpose::PasskeyProof, whose).await?,
            relying_party_id: party.id.clone(),
            allow: known.iter().map(handle).collect(),
            verification: UserVerification::Required,
        })
    }

    /// Shows the principal's credentials once more with a passkey.
    ///
    /// # Errors
    /// `Unauthenticated` as of [`finish_passkey_log_in`](Self::finish_passkey_log_in); `Denied` for
    /// an API key.
    pub async fn reauthenticate_with_passkey(
        &self,
        principal: &Principal,
        answer: &PasskeyAssertion,
    ) -> Result<(), AuthError> {
        let (session, account) = (principal.require_session()?, principal.account());
        let challenge = Challenge::Kept(Purpose::PasskeyProof, Some(account));
        let believed = self
            .verify_passkey_of(answer, account, challenge, UserVerification::Required)
            .await;
        let action = AuditAction::Reauthenticated;
        let mut refused = self.event_by(principal, action, account.as_str());
        refused.outcome = Outcome::Refused;
        self.or_audit(believed, refused).await?;
        self.authenticated(principal, session).await
    }

    /// As [`verify_passkey`](Self::verify_passkey), of a passkey of `account`.
    async fn verify_passkey_of(
        &self,
        answer: &PasskeyAssertion,
        account: &AccountId,
        challenge: Challenge<'_>,
        verification: UserVerification,
    ) -> Result<(), AuthError> {
        let passkey = self.shared.ports.passkeys.find(&answer.credential).await?;
        let passkey = passkey.filter(|passkey| passkey.account == *account);
        let passkey = passkey.ok_or_else(unknown)?;
        self.verify_passkey(answer, &passkey, challenge, verification)
            .await
    }

    /// Steps 6 to 21 of Web Authentication Level 2, section 7.2, with a passkey that is known.
    async fn verify_passkey(
        &self,
        answer: &PasskeyAssertion,
        passkey: &Passkey,
        challenge: Challenge<'_>,
        verification: UserVerification,
    ) -> Result<(), AuthError> {
        let owner = passkey.account.as_str().as_bytes();
        if answer.user_handle.as_deref().is_some_and(|h| h != owner) {
            return Err(unknown());
        }
        let party = self.relying_party()?;
        let client = ClientData::read(&answer.client_data, Ceremony::Get).map_err(disbelief)?;
        match challenge {
            Challenge::Kept(purpose, account) => {
                self.take_challenge(purpose, &client, account).await?;
            }
            Challenge::Text(wanted) if client.challenge == wanted => (),
            Challenge::Text(_) => return Err(begin_again()),
        }
        let shown = shown(party, &client, answer, passkey, verification).map_err(disbelief)?;
        let used = PasskeyUse {
            counter: shown.counter,
            backed_up: shown.backed_up,
            at_ms: self.now_ms(),
        };
        match self
            .shared
            .ports
            .passkeys
            .note_use(&passkey.id, used)
            .await?
        {
            true => Ok(()),
            false => self.copied(passkey).await,
        }
    }

    /// A counter that went back: two devices have the key, and one of them is not its owner's.
    async fn copied(&self, passkey: &Passkey) -> Result<(), AuthError> {
        if let Some(identity) = self.welcoming(&passkey.account).await? {
            let event = AuditEvent {
                outcome: Outcome::Refused,
                subject: Some(passkey.id.to_string()),
                ..self.event(
                    &identity.account,
                    AuditAction::PasskeyCopied,
                    &Device::default(),
                )
            };
            self.shared.ports.audit.append(&event).await?;
            let what = "A passkey of your account seems to have been copied, and was refused";
            self.notify(&identity.account.email, what).await?;
        }
        let reason = "it counts back, as a copy does: remove it, and make another";
        let operation = "use the passkey";
        Err(AuthError::new(
            AuthErrorKind::Unauthenticated,
            operation,
            reason,
        ))
    }

    /// The passkey that an answer names, and whose it is.
    async fn owner_of(
        &self,
        answer: &PasskeyAssertion,
    ) -> Result<Option<(Passkey, Identity)>, AuthError> {
        let passkey = self.shared.ports.passkeys.find(&answer.credential).await?;
        let Some(passkey) = passkey else {
            return Ok(None);
        };
        let identity = self.welcoming(&passkey.account).await?;
        Ok(identity.map(|identity| (passkey, identity)))
    }

    /// The account, seen from the tenant that it joined first among those that it may come into, or
    /// among all when there is none.
    async fn welcoming(&self, account: &AccountId) -> Result<Option<Identity>, AuthError> {
        let (identities, mut first) = (&self.shared.ports.identities, None);
        for tenant in identities.tenants_of(account).await? {
            let identity = identities.get(&tenant, account).await?;
            if identity.as_ref().is_some_and(Identity::is_active) {
                return Ok(identity);
            }
            first = first.or(identity);
        }
        Ok(first)
    }

    /// Writes down a refusal before it is answered.
    async fn or_audit(
        &self,
        believed: Result<(), AuthError>,
        event: AuditEvent,
    ) -> Result<(), AuthError> {
        if believed
            .as_ref()
            .is_err_and(|e| e.kind() == AuthErrorKind::Unauthenticated)
        {
            self.shared.ports.audit.append(&event).await?;
        }
        believed
    }
}

fn unknown() -> AuthError {
    let reason = "it is not known here, or its account may not come in";
    AuthError::new(AuthErrorKind::Unauthenticated, "use the passkey", reason)
}

fn none_yet() -> AuthError {
    let reason = "the account has none";
    AuthError::new(AuthErrorKind::NotFound, "use a passkey", reason)
}
