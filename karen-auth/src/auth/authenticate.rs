//! From what a request shows to a principal.

use super::Auth;
use crate::live::{Live, LiveKey};
use crate::token::{API_KEY_PREFIX, Bearer, Disbelief};
use crate::{
    ApiKey, AuditAction, AuthError, AuthErrorKind, Email, Identity, Principal, Session, TokenHash,
};

/// How exactly the last use of an API key is known; each note of it is a write.
const TOUCH_EVERY_MS: i64 = 60_000;

impl Auth {
    /// The principal of an access token or an API key.
    ///
    /// Everything is checked at each call: the signature, what the token is for, its times, and
    /// that the session or key, the account and its membership are alive at this moment. In the
    /// common case that asks no store.
    ///
    /// # Errors
    /// `Unauthenticated` for anything else than a live credential, without saying why; what the
    /// stores report when they had to be asked, for a door that cannot be checked stays shut.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        if token.starts_with(API_KEY_PREFIX) {
            return self.authenticate_key(token).await;
        }
        let bearer = self.believe(token).await?;
        self.authenticate_bearer(&bearer).await
    }

    /// The principal of the account with this email, for the owner of the data: commands on the
    /// machine act for somebody without asking for a password. The audit log tells of it.
    ///
    /// # Errors
    /// `Denied` unless `owner` is [`Principal::local`]; `NotFound`; `Conflict` for an account that is
    /// disabled or whose tenant is suspended.
    pub async fn act_for(&self, owner: &Principal, email: &str) -> Result<Principal, AuthError> {
        owner.require_local()?;
        let refuse = |kind, reason| Err(AuthError::new(kind, "act for an account", reason));
        let email = Email::parse(email)?;
        let found = self.shared.ports.identities.find_by_email(&email);
        let Some(identity) = found.await? else {
            return refuse(AuthErrorKind::NotFound, "no account has this email");
        };
        if !identity.is_active() {
            return refuse(AuthErrorKind::Conflict, "the account is disabled");
        }
        let subject = identity.account.id.as_str();
        let event = self.event_by(owner, AuditAction::ActedFor, subject);
        self.shared.ports.audit.append(&event).await?;
        Ok(Principal::for_account(&identity.account))
    }

    /// Whom the token names.
    async fn believe(&self, token: &str) -> Result<Bearer, AuthError> {
        let (hash, believed) = (TokenHash::of(token), &self.shared.believed);
        if let Some(bearer) = believed.get(&hash, self.now_ms()) {
            return Ok(bearer);
        }
        let bearer = self.check(token).await?;
        believed.keep(hash, bearer.clone(), self.now_ms());
        Ok(bearer)
    }

    /// Checks a token's signature and claims. The store of keys is asked when the token names one
    /// that another instance may have made.
    async fn check(&self, token: &str) -> Result<Bearer, AuthError> {
        let (keys, access) = (&self.shared.signing, &self.shared.access);
        let known = access.verify(&keys.known(), token, self.now_ms());
        if known.as_ref().err() != Some(&Disbelief::UnknownKey) {
            return known.map_err(|_| unknown());
        }
        let ring = keys.look_again().await?;
        let bearer = access.verify(&ring, token, self.now_ms());
        bearer.map_err(|_| unknown())
    }

    async fn authenticate_bearer(&self, bearer: &Bearer) -> Result<Principal, AuthError> {
        let key = LiveKey::Session(bearer.session.clone());
        let live = match self.fresh(&key) {
            Some(live) => live,
            None => self.look_up_session(key, bearer).await?,
        };
        let is_same = live.principal.tenant() == &bearer.tenant
            && live.principal.account() == &bearer.account
            && live.epoch == bearer.epoch;
        is_same.then_some(live.principal).ok_or_else(unknown)
    }

    async fn authenticate_key(&self, token: &str) -> Result<Principal, AuthError> {
        let hash = TokenHash::of(token);
        match self.fresh(&LiveKey::ApiKey(hash)) {
            Some(live) => Ok(live.principal),
            None => self.look_up_key(hash).await,
        }
    }

    fn fresh(&self, key: &LiveKey) -> Option<Live> {
        let now_ms = self.now_ms();
        self.shared
            .live
            .get(key, now_ms, now_ms - self.shared.lifetimes.recheck)
    }

    async fn look_up_session(&self, key: LiveKey, bearer: &Bearer) -> Result<Live, AuthError> {
        let asked = self.shared.live.moment();
        let session = self.shared.ports.sessions.find(&bearer.session).await?;
        let session = session
            .filter(|s| self.now_ms() < s.expires_at_ms)
            .ok_or_else(unknown)?;
        let Session {
            tenant,
            account,
            id,
            ..
        } = session;
        let identities = &self.shared.ports.identities;
        let identity = active(identities.get(&tenant, &account).await?)?;
        let live = Live {
            principal: Principal::of_session(&identity.account, id),
            epoch: identity.epoch,
            expires_at_ms: session.expires_at_ms,
            checked_at_ms: self.now_ms(),
        };
        self.shared.live.keep(asked, key, live.clone());
        Ok(live)
    }

    async fn look_up_key(&self, hash: TokenHash) -> Result<Principal, AuthError> {
        let asked = self.shared.live.moment();
        let key = self
            .shared
            .ports
            .api_keys
            .find(&hash)
            .await?
            .ok_or_else(unknown)?;
        let expires_at_ms = key.expires_at_ms.unwrap_or(i64::MAX);
        if expires_at_ms <= self.now_ms() {
            return Err(unknown());
        }
        let identities = &self.shared.ports.identities;
        let identity = active(identities.get(&key.tenant, &key.account).await?)?;
        self.touch(&key).await?;
        let principal = Principal::of_key(&identity.account, key.id, key.permissions);
        let live = Live {
            principal: principal.clone(),
            epoch: identity.epoch,
            expires_at_ms,
            checked_at_ms: self.now_ms(),
        };
        self.shared.live.keep(asked, LiveKey::ApiKey(hash), live);
        Ok(principal)
    }

    async fn touch(&self, key: &ApiKey) -> Result<(), AuthError> {
        let now_ms = self.now_ms();
        if key
            .last_used_at_ms
            .is_some_and(|last| now_ms - last < TOUCH_EVERY_MS)
        {
            return Ok(());
        }
        self.shared
            .ports
            .api_keys
            .touch(&key.tenant, &key.id, now_ms)
            .await
    }
}

fn active(identity: Option<Identity>) -> Result<Identity, AuthError> {
    identity.filter(Identity::is_active).ok_or_else(unknown)
}

fn unknown() -> AuthError {
    let reason = "the token is missing, wrong, expired or revoked: log in again";
    AuthError::new(AuthErrorKind::Unauthenticated, "tell who is asking", reason)
}
