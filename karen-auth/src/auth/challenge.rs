//! The second step of a login: from a challenge and a code, or a passkey, to a session.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Auth;
use super::second_factor::wrong_code;
use crate::stored::damaged;
use crate::token::{CHALLENGE_PREFIX, draw};
use crate::{
    AccountId, AuditAction, AuditEvent, AuthError, AuthErrorKind, Device, Identity, LogIn,
    LogInChallenge, OneTimeToken, OneTimeTokenId, Outcome, Purpose, SignedIn, TokenHash,
};

/// How long somebody has to find their authenticator.
const LIFETIME_MS: i64 = 5 * 60 * 1000;
/// Wrong codes that one challenge bears; then the password is asked for again.
const TRIES_MAX: u32 = 5;

/// What a challenge remembers of the first step.
#[derive(Serialize, Deserialize)]
struct FirstStep {
    device: Option<String>,
    address: Option<IpAddr>,
    epoch: i64,
}

/// A login after its first step.
pub(super) struct Begun {
    token: OneTimeToken,
    first: FirstStep,
    pub(super) identity: Identity,
}

impl Begun {
    /// That the second step was refused.
    pub(super) fn refused(&self, at_ms: i64) -> AuditEvent {
        AuditEvent {
            tenant: self.token.tenant.clone(),
            at_ms,
            action: AuditAction::LogIn,
            outcome: Outcome::Refused,
            actor: self.token.account.clone(),
            subject: self.token.account.as_ref().map(ToString::to_string),
            address: self.first.address,
        }
    }
}

impl Auth {
    pub(super) async fn challenge(
        &self,
        identity: Identity,
        device: Device,
    ) -> Result<LogIn, AuthError> {
        let account = identity.account;
        let device = device.cut();
        let first = FirstStep {
            device: device.name,
            address: device.address,
            epoch: identity.epoch,
        };
        let now_ms = self.now_ms();
        let token = OneTimeToken {
            id: OneTimeTokenId::random(),
            purpose: Purpose::Challenge,
            tenant: account.tenant,
            account: Some(account.id),
            detail: serde_json::to_string(&first).expect("it is plain JSON"),
            created_at_ms: now_ms,
            expires_at_ms: now_ms + LIFETIME_MS,
        };
        let text = draw(CHALLENGE_PREFIX);
        let one_time = &self.shared.ports.one_time;
        one_time.put(&token, &TokenHash::of(&text)).await?;
        Ok(LogIn::CodeNeeded(LogInChallenge::new(text)))
    }

    /// Finishes the login that `challenge` began, with a code of the authenticator or a recovery
    /// code.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong code, and for a challenge that is unknown, used, five minutes
    /// old or was tried five times; `RateLimited`; what the stores report.
    pub async fn finish_log_in(&self, challenge: &str, code: &str) -> Result<SignedIn, AuthError> {
        let begun = self.begun(challenge).await?;
        if !self.use_code(&begun.identity.account.id, code).await? {
            let refused = begun.refused(self.now_ms());
            self.shared.ports.audit.append(&refused).await?;
            return Err(wrong_code());
        }
        self.complete(challenge, begun).await
    }

    /// Whose login `challenge` began. It counts as no try.
    pub(super) async fn challenged_account(&self, challenge: &str) -> Result<AccountId, AuthError> {
        let hash = TokenHash::of(challenge);
        let one_time = &self.shared.ports.one_time;
        let token = one_time.find(Purpose::Challenge, &hash, self.now_ms());
        token
            .await?
            .and_then(|token| token.account)
            .ok_or_else(start_again)
    }

    /// Counts a try to finish the login that `challenge` began.
    pub(super) async fn begun(&self, challenge: &str) -> Result<Begun, AuthError> {
        let (hash, now_ms) = (TokenHash::of(challenge), self.now_ms());
        let one_time = &self.shared.ports.one_time;
        let tried = one_time.count_try(Purpose::Challenge, &hash, TRIES_MAX, now_ms);
        let token = tried.await?.ok_or_else(start_again)?;
        let first: FirstStep =
            serde_json::from_str(&token.detail).map_err(|e| damaged("detail").caused_by(e))?;
        let identity = self.challenged(&token, &first).await?;
        Ok(Begun {
            token,
            first,
            identity,
        })
    }

    /// Opens the session of a login whose second step was right.
    pub(super) async fn complete(
        &self,
        challenge: &str,
        begun: Begun,
    ) -> Result<SignedIn, AuthError> {
        let (hash, now_ms) = (TokenHash::of(challenge), self.now_ms());
        let one_time = &self.shared.ports.one_time;
        let taken = one_time.take(Purpose::Challenge, &hash, now_ms).await?;
        taken.ok_or_else(start_again)?;
        let Begun {
            first, identity, ..
        } = begun;
        let device = Device {
            name: first.device,
            address: first.address,
            known: None,
        };
        let event = self.event(&identity.account, AuditAction::LogIn, &device);
        self.shared.ports.audit.append(&event).await?;
        self.open_session(identity.account, identity.epoch, device)
            .await
    }

    /// The account of the first step, if nothing has ended its sessions since.
    async fn challenged(
        &self,
        token: &OneTimeToken,
        first: &FirstStep,
    ) -> Result<Identity, AuthError> {
        let account = token.account.as_ref().ok_or_else(|| damaged("account"))?;
        let identities = &self.shared.ports.identities;
        let identity = identities.get(&token.tenant, account).await?;
        let is_same = |identity: &Identity| identity.is_active() && identity.epoch == first.epoch;
        identity.filter(is_same).ok_or_else(start_again)
    }
}

fn start_again() -> AuthError {
    let reason = "the login has ended: begin again with the password";
    AuthError::new(AuthErrorKind::Unauthenticated, "finish the login", reason)
}
