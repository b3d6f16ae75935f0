//! JSON Web Signatures in compact form (RFC 7515), read more strictly than the RFC asks.
//!
//! One text for one token: base64url must be canonical, the header may hold `alg`, `typ` and `kid`
//! only (`jku`, `jwk`, `x5u` and `crit` would let the sender choose how it is checked), and the key
//! decides which algorithm is right.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::signing::{SigningKey, VerifyingKey};

/// Longer tokens are not ours; this bounds the work before the signature is checked.
const TOKEN_BYTES_MAX: usize = 4096;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
}

/// A token that was read, and that nobody has any reason to believe yet.
#[derive(Debug)]
pub(super) struct Unverified<'t> {
    message: &'t str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Reads a token; `None` when it is no JWS, or one with a header that is not ours.
    pub(super) fn parse(token: &'t str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        Some(Self {
            message,
            header: serde_json::from_slice(&decode(header)?).ok()?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The key that it claims: a name to look up in our own list, and nothing else.
    pub(super) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it claims to be.
    pub(super) fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The payload, if the owner of `key` signed it with the one algorithm of that key.
    pub(super) fn signed_by(self, key: &VerifyingKey) -> Option<Vec<u8>> {
        let is_signed = self.header.alg == key.algorithm().as_str()
            && key.is_signed(self.message.as_bytes(), &self.signature);
        is_signed.then_some(self.payload)
    }
}

/// Signs `payload` under `header`, both JSON.
pub(super) fn sign(header: &str, payload: &[u8], key: &SigningKey) -> String {
    let message = format!("{}.{}", encode(header.as_bytes()), encode(payload));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", encode(&signature))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The engine refuses padding, foreign characters and bits that are left over.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
