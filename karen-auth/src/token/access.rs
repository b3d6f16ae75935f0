//! Access tokens: JWTs after RFC 9068, good for minutes and for one session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::AccessToken;
use super::jws::{self, Unverified};
use crate::signing::{KeyRing, SigningKey};
use crate::{AccountId, SessionId, TenantId};

const TYP: &str = "at+jwt";
/// How far the clock of another instance may run ahead.
const LEEWAY_S: i64 = 5;
/// Random bytes of a `jti`.
const JTI_BYTES: usize = 16;

/// What an access token says. Times are unix seconds (RFC 7519 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    ten: String,
    sid: String,
    /// The account's epoch: raising it ends every token of the account at once.
    ep: i64,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The bearer that a believed token names.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) epoch: i64,
    /// Until when the token speaks for them, unix milliseconds; a token keeps whole seconds.
    pub(crate) expires_at_ms: i64,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    /// It names a key that is not known; another instance may have made it a moment ago.
    UnknownKey,
    /// Anything else.
    Refused,
}

/// Writes and reads access tokens for one issuer and one audience.
pub(crate) struct AccessTokens {
    issuer: String,
    audience: String,
}

impl AccessTokens {
    pub(crate) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// A token for `bearer`, good from `now_ms` on.
    pub(crate) fn issue(&self, key: &SigningKey, bearer: &Bearer, now_ms: i64) -> AccessToken {
        let now = now_ms.div_euclid(1000);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.account.to_string(),
            ten: bearer.tenant.to_string(),
            sid: bearer.session.to_string(),
            ep: bearer.epoch,
            jti: URL_SAFE_NO_PAD.encode(rand::random::<[u8; JTI_BYTES]>()),
            iat: now,
            nbf: now,
            exp: bearer.expires_at_ms.div_euclid(1000),
        };
        let payload = serde_json::to_vec(&claims).expect("claims are plain JSON");
        AccessToken::new(jws::sign(&header(key), &payload, key))
    }

    /// Who `token` speaks for, if a key of `ring` signed it for this audience and it is in force.
    pub(crate) fn verify(
        &self,
        ring: &KeyRing,
        token: &str,
        now_ms: i64,
    ) -> Result<Bearer, Disbelief> {
        let token = Unverified::parse(token).filter(|token| token.typ() == Some(TYP));
        let token = token.ok_or(Disbelief::Refused)?;
        let kid = token.kid().ok_or(Disbelief::Refused)?;
        let key = ring.find(kid, now_ms).ok_or(Disbelief::UnknownKey)?;
        let payload = token.signed_by(key).ok_or(Disbelief::Refused)?;
        self.bearer(&payload, now_ms).ok_or(Disbelief::Refused)
    }

    fn bearer(&self, payload: &[u8], now_ms: i64) -> Option<Bearer> {
        let claims: Claims = serde_json::from_slice(payload).ok()?;
        let for_us = claims.iss == self.issuer && claims.aud == self.audience;
        if !for_us || !claims.in_force(now_ms.div_euclid(1000)) {
            return None;
        }
        claims.bearer()
    }
}

/// The names of keys and algorithms need no escapes.
fn header(key: &SigningKey) -> String {
    let (alg, kid) = (key.algorithm(), key.kid());
    format!(r#"{{"typ":"{TYP}","alg":"{alg}","kid":"{kid}"}}"#)
}

impl Claims {
    fn in_force(&self, now: i64) -> bool {
        let begun = |at: i64| at <= now.saturating_add(LEEWAY_S);
        begun(self.nbf) && begun(self.iat) && now < self.exp
    }

    fn bearer(&self) -> Option<Bearer> {
        let jti = URL_SAFE_NO_PAD.decode(&self.jti).ok()?;
        (jti.len() == JTI_BYTES).then_some(())?;
        Some(Bearer {
            tenant: TenantId::parse(&self.ten).ok()?,
            account: AccountId::parse(&self.sub).ok()?,
            session: SessionId::parse(&self.sid).ok()?,
            epoch: self.ep,
            expires_at_ms: self.exp.checked_mul(1000)?,
        })
    }
}

#[cfg(test)]
mod tests;
