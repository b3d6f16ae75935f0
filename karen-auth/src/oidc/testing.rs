//! A provider in memory, which says what a test wants.

use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use super::{OidcConfig, OidcTransport, TokenAnswer};
use crate::{AuthError, AuthErrorKind, Role, SigningAlgorithm, SigningKey, TenantId};

pub(crate) const ISSUER: &str = "https://accounts.example.com";
pub(crate) const CLIENT: &str = "karen-client";
/// The one code that it exchanges.
pub(crate) const CODE: &str = "a code";

pub(crate) struct Provider(Mutex<Says>);

/// What it says, which tests change.
pub(crate) struct Says {
    /// The key that it publishes.
    pub(crate) published: SigningKey,
    /// The key that it signs with.
    pub(crate) key: SigningKey,
    pub(crate) metadata: Value,
    /// The claims of its tokens; the nonce comes from the page that was asked for.
    pub(crate) claims: Map<String, Value>,
    /// Takes the place of a signed token.
    pub(crate) token: Option<String>,
    /// Status of the answer to a code.
    pub(crate) status: u16,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let key = key();
        let metadata = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/auth"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "authorization_response_iss_parameter_supported": true,
        });
        let claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "subject-1", "exp": 300, "iat": 0,
            "email": "eve@example.com", "email_verified": true, "name": "Eve",
        });
        Self(Mutex::new(Says {
            published: key.clone(),
            key,
            metadata,
            claims: claims.as_object().expect("an object").clone(),
            token: None,
            status: 200,
        }))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.0.lock().expect("no panic"));
    }
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::EdDsa).expect("a key")
}

/// A client of the provider that lets strangers in as members.
pub(crate) fn client(name: &str) -> OidcConfig {
    OidcConfig {
        name: name.to_owned(),
        label: "Example".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: None,
        scopes: vec!["email".to_owned(), "profile".to_owned()],
        tenant: TenantId::default(),
        sign_up: Some(Role::Member),
        email_domains: vec!["Example.com".to_owned()],
    }
}

/// A token of `claims`, signed as the provider signs.
pub(crate) fn signed(key: &SigningKey, claims: &Map<String, Value>) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.kid().to_owned());
    let pkcs8 = key.to_pkcs8().expect("asymmetric");
    encode(&header, claims, &EncodingKey::from_ed_der(&pkcs8)).expect("signed")
}

/// A token that nobody signed.
pub(crate) fn unsigned(claims: &Map<String, Value>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = Value::Object(claims.clone());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims))
}

#[async_trait]
impl OidcTransport for Provider {
    async fn get(&self, url: &str) -> Result<Vec<u8>, AuthError> {
        let says = self.0.lock().expect("no panic");
        if url.ends_with("/jwks") {
            let keys = json!({ "keys": [says.published.jwk()] });
            return Ok(keys.to_string().into_bytes());
        }
        assert_eq!(url, format!("{ISSUER}/.well-known/openid-configuration"));
        Ok(says.metadata.to_string().into_bytes())
    }

    async fn exchange(
        &self,
        url: &str,
        _: &OidcConfig,
        form: &[(&str, &str)],
    ) -> Result<TokenAnswer, AuthError> {
        assert_eq!(url, format!("{ISSUER}/token"));
        let says = self.0.lock().expect("no panic");
        if !form.contains(&("code", CODE)) {
            let reason = "a test sends the code that it was given";
            return Err(AuthError::new(AuthErrorKind::Internal, "exchange", reason));
        }
        let token = says.token.clone();
        let token = token.unwrap_or_else(|| signed(&says.key, &says.claims));
        let body = json!({ "access_token": "-", "token_type": "Bearer", "id_token": token });
        Ok(TokenAnswer {
            status: says.status,
            body: body.to_string().into_bytes(),
        })
    }
}
