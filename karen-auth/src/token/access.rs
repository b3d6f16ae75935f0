//! Access tokens: JWTs after RFC 9068, good for minutes and for one session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use super::{AccessToken, jws};
use crate::{AccountId, SessionId, SigningSecret, TenantId};

const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256"}"#;
const TYP: &str = "at+jwt";
/// How far the clock of another instance may run ahead.
const LEEWAY_S: i64 = 5;

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
pub(crate) struct Bearer {
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) epoch: i64,
}

/// Signs and believes access tokens.
pub(crate) struct AccessKey {
    signing: EncodingKey,
    verifying: DecodingKey,
    issuer: String,
    audience: String,
}

impl AccessKey {
    pub(crate) fn new(secret: &SigningSecret, issuer: &str, audience: &str) -> Self {
        let key = secret.derive("karen access token v1");
        Self {
            signing: EncodingKey::from_secret(&key),
            verifying: DecodingKey::from_secret(&key),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// A token for `bearer`, good from `now_ms` until `expires_at_ms`.
    pub(crate) fn issue(&self, bearer: &Bearer, now_ms: i64, expires_at_ms: i64) -> AccessToken {
        let now = now_ms.div_euclid(1000);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.account.to_string(),
            ten: bearer.tenant.to_string(),
            sid: bearer.session.to_string(),
            ep: bearer.epoch,
            jti: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()),
            iat: now,
            nbf: now,
            exp: expires_at_ms.div_euclid(1000),
        };
        AccessToken::new(self.sign(HEADER, &claims))
    }

    /// Who `token` speaks for, if this key signed it for this audience and it is in force.
    pub(crate) fn verify(&self, token: &str, now_ms: i64) -> Option<Bearer> {
        let (header, payload) = jws::verify(token, &self.verifying)?;
        if header.typ.as_deref() != Some(TYP) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        let for_us = claims.iss == self.issuer && claims.aud == self.audience;
        if !for_us || !claims.in_force(now_ms.div_euclid(1000)) {
            return None;
        }
        claims.bearer()
    }

    fn sign(&self, header: &str, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
        jws::sign(header, &payload, &self.signing)
    }
}

impl Claims {
    fn in_force(&self, now: i64) -> bool {
        let begun = |at: i64| at <= now.saturating_add(LEEWAY_S);
        begun(self.nbf) && begun(self.iat) && now < self.exp
    }

    fn bearer(&self) -> Option<Bearer> {
        Some(Bearer {
            tenant: TenantId::parse(&self.ten).ok()?,
            account: AccountId::parse(&self.sub).ok()?,
            session: SessionId::parse(&self.sid).ok()?,
            epoch: self.ep,
        })
    }
}

#[cfg(test)]
mod tests;
