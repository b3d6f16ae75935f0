//! Random tokens, of which only the hash is kept.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Scanners for leaked credentials find a key by this.
pub(crate) const API_KEY_PREFIX: &str = "karen_sk_";
pub(crate) const SETUP_PREFIX: &str = "karen_setup_";
pub(crate) const LINK_PREFIX: &str = "karen_link_";
pub(crate) const CHALLENGE_PREFIX: &str = "karen_login_";

/// `prefix` and 256 random bits, in base64url.
pub(crate) fn draw(prefix: &str) -> String {
    format!(
        "{prefix}{}",
        URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
    )
}

/// SHA-256 of a token. With 256 random bits in the token nothing slower is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token's text.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares in a time that tells nothing.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(***)")
    }
}
