//! One provider: what it says of itself, its keys, and the exchange of a code.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;

use super::id_token::{self, Expected, Person, Refusal};
use super::{Flow, OidcAnswer, OidcConfig, OidcTransport};
use crate::totp::percent;
use crate::{AuthError, AuthErrorKind};

const METADATA: &str = "/.well-known/openid-configuration";
/// For how long keys are believed without another look.
const KEYS_MS: i64 = 10 * 60 * 1000;
/// An unknown key, which anybody can name, costs one look in this time.
const LOOK_EVERY_MS: i64 = 10 * 1000;

pub(crate) struct OidcProvider {
    pub(crate) config: OidcConfig,
    transport: Arc<dyn OidcTransport>,
    known: RwLock<Option<Known>>,
}

/// What was read of the provider, and when.
#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<JwkSet>,
    read_at_ms: i64,
}

/// OpenID Connect Discovery 1.0, section 3.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl OidcProvider {
    pub(crate) fn new(config: OidcConfig, transport: Arc<dyn OidcTransport>) -> Self {
        Self {
            config,
            transport,
            known: RwLock::default(),
        }
    }

    /// The page where somebody signs in, for the sign-in `flow`.
    pub(crate) async fn page(
        &self,
        flow: &Flow,
        back: &str,
        now_ms: i64,
    ) -> Result<String, AuthError> {
        let known = self.known(now_ms, KEYS_MS).await?;
        let mut scopes = vec!["openid"];
        scopes.extend(self.config.scopes.iter().map(String::as_str));
        let query = [
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", back),
            ("scope", &scopes.join(" ")),
            ("state", flow.state()),
            ("nonce", &flow.nonce),
            ("code_challenge", &flow.challenge()),
            ("code_challenge_method", "S256"),
        ];
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        let page = &known.metadata.authorization_endpoint;
        let joint = if page.contains('?') { '&' } else { '?' };
        Ok(format!("{page}{joint}{}", query.join("&")))
    }

    /// Who comes back with `answer` from the sign-in `flow`.
    pub(crate) async fn person(
        &self,
        flow: &Flow,
        answer: &OidcAnswer,
        back: &str,
        now_ms: i64,
    ) -> Result<Person, AuthError> {
        let known = self.known(now_ms, KEYS_MS).await?;
        if !known.metadata.is_sender(answer.iss.as_deref()) {
            return Err(refused("another provider answered"));
        }
        let code = answer.code.as_deref();
        let code = code.ok_or_else(|| refused("the provider did not let you in"))?;
        let token = self.exchange(&known.metadata, flow, code, back).await?;
        let expected = Expected {
            issuer: &known.metadata.issuer,
            client_id: &self.config.client_id,
            nonce: &flow.nonce,
            now_s: now_ms.div_euclid(1000),
        };
        let mut person = id_token::verify(&token, &known.keys, &expected);
        if person == Err(Refusal::UnknownKey) {
            let known = self.known(now_ms, LOOK_EVERY_MS).await?;
            person = id_token::verify(&token, &known.keys, &expected);
        }
        person.map_err(|_| refused("the provider's answer cannot be believed"))
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        code: &str,
        back: &str,
    ) -> Result<String, AuthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", &self.config.client_id),
            ("code_verifier", &flow.verifier),
        ];
        let asked = self
            .transport
            .exchange(&metadata.token_endpoint, &self.config, &form);
        let answer = asked.await?;
        match answer.status {
            200 => {
                let tokens: Result<Tokens, _> = serde_json::from_slice(&answer.body);
                let tokens = tokens.map_err(|e| strange().caused_by(e))?;
                Ok(tokens.id_token)
            }
            400..500 => Err(refused("the provider does not know the code any more")),
            _ => Err(strange()),
        }
    }

    /// What is known, not older than `age_ms`.
    async fn known(&self, now_ms: i64, age_ms: i64) -> Result<Known, AuthError> {
        let known = self.kept();
        match known {
            Some(known) if now_ms - known.read_at_ms < age_ms => Ok(known),
            _ => self.look(now_ms).await,
        }
    }

    fn kept(&self) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    async fn look(&self, now_ms: i64) -> Result<Known, AuthError> {
        let issuer = &self.config.issuer;
        let address = format!("{}{METADATA}", issuer.trim_end_matches('/'));
        let metadata = self.transport.get(&address).await?;
        let metadata: Metadata =
            serde_json::from_slice(&metadata).map_err(|e| strange().caused_by(e))?;
        metadata.check(issuer)?;
        let keys = self.transport.get(&metadata.jwks_uri).await?;
        let keys: JwkSet = serde_json::from_slice(&keys).map_err(|e| strange().caused_by(e))?;
        let known = Known {
            keys: Arc::new(keys),
            metadata: Arc::new(metadata),
            read_at_ms: now_ms,
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }
}

impl Metadata {
    fn check(&self, issuer: &str) -> Result<(), AuthError> {
        let addresses = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ];
        if self.issuer == issuer && addresses.iter().all(|address| is_private(address)) {
            return Ok(());
        }
        Err(strange())
    }

    /// RFC 9207 section 2.4.
    fn is_sender(&self, iss: Option<&str>) -> bool {
        match iss {
            Some(iss) => iss == self.issuer,
            None => !self.authorization_response_iss_parameter_supported,
        }
    }
}

/// Whether nobody can listen: over TLS, or on this machine.
pub(crate) fn is_private(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else {
        return address.starts_with("https://");
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

fn refused(reason: &'static str) -> AuthError {
    AuthError::new(AuthErrorKind::Unauthenticated, "sign in", reason)
}

fn strange() -> AuthError {
    let reason = "the provider's answer cannot be read, or names another issuer";
    AuthError::new(AuthErrorKind::Unavailable, "sign in", reason)
}
