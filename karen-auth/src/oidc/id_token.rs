//! What an ID token says, once it is believed (OpenID Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// How far the provider's clock may differ.
const LEEWAY_S: i64 = 60;
/// Signatures that only the provider can make.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
    Algorithm::RS512,
    Algorithm::ES384,
];

/// Who somebody is, in the provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) subject: String,
    /// An address that the provider has confirmed.
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

/// What a token has to be for.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now_s: i64,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its key is not among those known: they may have been changed.
    UnknownKey,
    Refused,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    exp: i64,
    iat: i64,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The person that `token` names, if a key of `keys` signed it for what is expected.
pub(crate) fn verify(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Person, Refusal> {
    let header = decode_header(token).map_err(|_| Refusal::Refused)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Refusal::Refused);
    }
    let key = match &header.kid {
        Some(kid) => keys.find(kid).ok_or(Refusal::UnknownKey)?,
        None if keys.keys.len() == 1 => &keys.keys[0],
        None => return Err(Refusal::Refused),
    };
    let key = DecodingKey::from_jwk(key).map_err(|_| Refusal::Refused)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    // The time is judged below, by the same clock as everything else.
    validation.validate_exp = false;
    let claims = decode::<Claims>(token, &key, &validation).map_err(|_| Refusal::Refused)?;
    claims.claims.person(expected).ok_or(Refusal::Refused)
}

impl Claims {
    fn person(self, expected: &Expected<'_>) -> Option<Person> {
        let in_force =
            expected.now_s < self.exp + LEEWAY_S && self.iat <= expected.now_s + LEEWAY_S;
        let is_answer = self.nonce.as_deref() == Some(expected.nonce);
        if !in_force || !is_answer || !self.is_authorized(expected.client_id) {
            return None;
        }
        Some(Person {
            email: self.email.filter(|_| self.email_verified),
            subject: self.sub,
            name: self.name,
        })
    }

    /// A token for several says whom it was given to.
    fn is_authorized(&self, client_id: &str) -> bool {
        match (&self.azp, &self.aud) {
            (Some(azp), _) => azp == client_id,
            (None, Audience::One(aud)) => aud == client_id,
            (None, Audience::Several(several)) => several.len() == 1,
        }
    }
}
