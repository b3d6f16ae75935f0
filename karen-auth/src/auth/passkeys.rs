//! Passkeys: taking one into use, and out of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Auth;
use crate::account::checked_name;
use crate::passkey::{
    ALGORITHMS, Ceremony, ClientData, NewCredential, RelyingParty, new_credential,
};
use crate::token::draw;
use crate::{
    AccountId, AuditAction, AuthError, AuthErrorKind, OneTimeToken, OneTimeTokenId, Passkey,
    PasskeyAttestation, PasskeyCreation, PasskeyHandle, PasskeyId, Principal, Purpose,
    RecoveryCodes, TenantId, TokenHash, UserVerification,
};

/// How long somebody has to find their device.
const LIFETIME_MS: i64 = 5 * 60 * 1000;
/// A person's devices, and some that were lost.
const PASSKEYS_MAX: usize = 20;
const TRANSPORTS_MAX: usize = 8;
const TRANSPORT_BYTES_MAX: usize = 32;

/// A passkey that was taken into use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewPasskey {
    /// It.
    pub passkey: Passkey,
    /// What replaces it when it is lost, shown here and never again; for the first second factor of
    /// an account only.
    pub recovery_codes: Option<RecoveryCodes>,
}

impl Auth {
    /// Begins to make a passkey for the principal's account.
    ///
    /// # Errors
    /// `LoginNotRecent`; `Conflict` when there are twenty; `Denied` for an API key; `Invalid`
    /// where [`AuthConfig::public_url`](crate::AuthConfig::public_url) is no address that browsers
    /// make passkeys for.
    pub async fn begin_passkey(&self, principal: &Principal) -> Result<PasskeyCreation, AuthError> {
        self.require_recent(principal).await?;
        let party = self.relying_party()?;
        let account = self.own_account(principal).await?;
        let known = self.shared.ports.passkeys.list(&account.id).await?;
        require_room(&known)?;
        let whose = (principal.tenant(), Some(&account.id));
        Ok(PasskeyCreation {
            challenge: self
                .passkey_challenge(Purpose::PasskeyCreation, whose)
                .await?,
            relying_party_id: party.id.clone(),
            relying_party_name: self.shared.display_name.clone(),
            user_handle: account.id.as_str().as_bytes().to_vec(),
            user_name: account.email.as_str().to_owned(),
            user_display_name: account.name,
            algorithms: ALGORITHMS.to_vec(),
            exclude: known.iter().map(handle).collect(),
        })
    }

    /// Takes the passkey into use that a browser has made. It signs its owner in by itself, and from
    /// here on a login with the password takes it, or a code, as well.
    ///
    /// # Errors
    /// `Unauthenticated` for an answer that cannot be believed: another site's, another ceremony's,
    /// one that is late or was used; `Invalid` for a name that will not do; `Conflict` when the
    /// passkey is known, or there are twenty; `LoginNotRecent`; `Denied` for an API key.
    pub async fn finish_passkey(
        &self,
        principal: &Principal,
        name: &str,
        answer: &PasskeyAttestation,
    ) -> Result<NewPasskey, AuthError> {
        self.require_recent(principal).await?;
        let (name, party) = (checked_name(name)?, self.relying_party()?);
        let client = ClientData::read(&answer.client_data, Ceremony::Create).map_err(disbelief)?;
        self.take_challenge(Purpose::PasskeyCreation, &client, Some(principal.account()))
            .await?;
        let made = new_credential(party, &client, answer, UserVerification::Preferred);
        let passkey = self.passkey(principal, name, made.map_err(disbelief)?, answer);
        let known = self.shared.ports.passkeys.list(principal.account()).await?;
        require_room(&known)?;
        let is_first = !self.has_second_factor(principal.account()).await?;
        self.keep_passkey(principal, &passkey).await?;
        let recovery_codes = match is_first {
            true => Some(self.begin_second_step(principal).await?),
            false => None,
        };
        let email = self.own_account(principal).await?.email;
        self.notify(&email, "Your account has a new passkey")
            .await?;
        Ok(NewPasskey {
            passkey,
            recovery_codes,
        })
    }

    /// The passkeys of the principal's account, the oldest first.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn passkeys(&self, principal: &Principal) -> Result<Vec<Passkey>, AuthError> {
        self.shared.ports.passkeys.list(principal.account()).await
    }

    /// Gives a passkey of the principal's account another name.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a name that will not do; `Denied` for an API key.
    pub async fn rename_passkey(
        &self,
        principal: &Principal,
        id: &PasskeyId,
        name: &str,
    ) -> Result<(), AuthError> {
        principal.require_session()?;
        let (account, name) = (principal.account(), checked_name(name)?);
        match self
            .shared
            .ports
            .passkeys
            .rename(account, id, &name)
            .await?
        {
            true => Ok(()),
            false => Err(no_passkey()),
        }
    }

    /// Takes a passkey out of use. The account's other sessions end, which it may have opened; after
    /// the last second factor the recovery codes are void.
    ///
    /// # Errors
    /// `NotFound`; `LoginNotRecent`; `Denied` for an API key.
    pub async fn delete_passkey(
        &self,
        principal: &Principal,
        id: &PasskeyId,
    ) -> Result<(), AuthError> {
        self.require_recent(principal).await?;
        let (ports, account) = (&self.shared.ports, principal.account());
        if !ports.passkeys.delete(account, id).await? {
            return Err(no_passkey());
        }
        let event = self.event_by(principal, AuditAction::PasskeyRemoved, id.as_str());
        ports.audit.append(&event).await?;
        if !self.has_second_factor(account).await? {
            ports.factors.put_codes(account, &[]).await?;
        }
        self.end_other_sessions(principal).await?;
        let email = self.own_account(principal).await?.email;
        self.notify(&email, "A passkey of your account was removed")
            .await
    }

    pub(super) fn relying_party(&self) -> Result<&RelyingParty, AuthError> {
        self.shared.relying_party.as_ref().ok_or_else(|| {
            let reason = "browsers make them for a name over https, or for localhost: \
                          the operator has to set the public address to one";
            AuthError::new(AuthErrorKind::Invalid, "use passkeys", reason)
        })
    }

    /// A challenge that is good once. An account has one of a purpose at a time.
    pub(super) async fn passkey_challenge(
        &self,
        purpose: Purpose,
        (tenant, account): (&TenantId, Option<&AccountId>),
    ) -> Result<String, AuthError> {
        let (one_time, now_ms) = (&self.shared.ports.one_time, self.now_ms());
        if let Some(account) = account {
            one_time.delete_of(account, purpose).await?;
        }
        let token = OneTimeToken {
            id: OneTimeTokenId::random(),
            purpose,
            tenant: tenant.clone(),
            account: account.cloned(),
            detail: "{}".to_owned(),
            created_at_ms: now_ms,
            expires_at_ms: now_ms + LIFETIME_MS,
        };
        let text = draw("");
        one_time.put(&token, &TokenHash::of(&text)).await?;
        Ok(text)
    }

    /// Step 8 of registration, 12 of a login: the challenge is one that was given out for this, to
    /// this account. It is used up by it, whatever comes of the rest.
    pub(super) async fn take_challenge(
        &self,
        purpose: Purpose,
        client: &ClientData,
        account: Option<&AccountId>,
    ) -> Result<(), AuthError> {
        let hash = TokenHash::of(&client.challenge);
        let one_time = &self.shared.ports.one_time;
        let token = one_time.take(purpose, &hash, self.now_ms()).await?;
        match token.is_some_and(|token| token.account.as_ref() == account) {
            true => Ok(()),
            false => Err(begin_again()),
        }
    }

    fn passkey(
        &self,
        principal: &Principal,
        name: String,
        made: NewCredential,
        answer: &PasskeyAttestation,
    ) -> Passkey {
        Passkey {
            id: PasskeyId::random(),
            account: principal.account().clone(),
            credential: made.credential,
            public_key: made.public_key,
            counter: made.counter,
            name,
            transports: known_transports(&answer.transports),
            backup_eligible: made.backup_eligible,
            backed_up: made.backed_up,
            created_at_ms: self.now_ms(),
            used_at_ms: None,
        }
    }

    async fn keep_passkey(
        &self,
        principal: &Principal,
        passkey: &Passkey,
    ) -> Result<(), AuthError> {
        let ports = &self.shared.ports;
        let event = self.event_by(principal, AuditAction::PasskeyAdded, passkey.id.as_str());
        ports.audit.append(&event).await?;
        if ports.passkeys.insert(passkey).await? {
            return Ok(());
        }
        let reason = "it is in use already: choose another device";
        Err(AuthError::new(
            AuthErrorKind::Conflict,
            "add the passkey",
            reason,
        ))
    }

    /// From here on a login has two steps; sessions that took one end.
    async fn begin_second_step(&self, principal: &Principal) -> Result<RecoveryCodes, AuthError> {
        let codes = RecoveryCodes::random();
        let factors = &self.shared.ports.factors;
        factors
            .put_codes(principal.account(), &codes.hashes())
            .await?;
        self.end_other_sessions(principal).await?;
        Ok(codes)
    }
}

pub(super) fn handle(passkey: &Passkey) -> PasskeyHandle {
    PasskeyHandle {
        credential: passkey.credential.clone(),
        transports: passkey.transports.clone(),
    }
}

/// Bytes as browsers write them in client data.
pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What browsers say of themselves is a hint, kept only if it looks like one.
fn known_transports(told: &[String]) -> Vec<String> {
    let is_word = |text: &&String| {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b == b'-';
        (1..=TRANSPORT_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_letter)
    };
    let words = told.iter().filter(is_word).take(TRANSPORTS_MAX);
    words.cloned().collect()
}

fn require_room(known: &[Passkey]) -> Result<(), AuthError> {
    if known.len() < PASSKEYS_MAX {
        return Ok(());
    }
    let reason = "there are twenty: remove one first";
    Err(AuthError::new(
        AuthErrorKind::Conflict,
        "add a passkey",
        reason,
    ))
}

pub(super) fn disbelief(refusal: impl std::error::Error + Send + Sync + 'static) -> AuthError {
    let reason = "what your device says cannot be believed: try again";
    AuthError::new(AuthErrorKind::Unauthenticated, "use the passkey", reason).caused_by(refusal)
}

pub(super) fn begin_again() -> AuthError {
    let reason = "it was begun too long ago, or used: begin again";
    AuthError::new(AuthErrorKind::Unauthenticated, "use the passkey", reason)
}

fn no_passkey() -> AuthError {
    let reason = "your account has no such passkey";
    AuthError::new(AuthErrorKind::NotFound, "find the passkey", reason)
}
