//! JSON Web Signatures in compact form (RFC 7515), read more strictly than the RFC asks.
//!
//! One text for one token: base64url must be canonical, the header may hold `alg`, `typ` and `kid`
//! only (`jku`, `jwk`, `x5u` and `crit` would let the sender choose how it is checked), and the key
//! decides which algorithm is right.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::Deserialize;

/// Longer tokens are not ours; this bounds the work before the signature is checked.
const TOKEN_BYTES_MAX: usize = 4096;

/// The header of a token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    alg: String,
    pub(super) typ: Option<String>,
    #[serde(rename = "kid")]
    _kid: Option<String>,
}

/// Signs `payload` under `header`, both JSON, with HS256.
pub(super) fn sign(header: &str, payload: &[u8], key: &EncodingKey) -> String {
    let message = format!("{}.{}", encode(header.as_bytes()), encode(payload));
    let signature = crypto::sign(message.as_bytes(), key, Algorithm::HS256)
        .expect("HS256 signs any message with any key");
    format!("{message}.{signature}")
}

/// The header and the payload, if `key` signed them with HS256; `None` for anything else.
pub(super) fn verify(token: &str, key: &DecodingKey) -> Option<(Header, Vec<u8>)> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let (header_json, payload_bytes) = (decode(header)?, decode(payload)?);
    decode(signature)?;
    let header: Header = serde_json::from_slice(&header_json).ok()?;
    let signed = header.alg == "HS256"
        && crypto::verify(signature, message.as_bytes(), key, Algorithm::HS256).unwrap_or(false);
    signed.then_some((header, payload_bytes))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The engine refuses padding, foreign characters and bits that are left over.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests;
