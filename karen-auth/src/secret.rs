//! The one secret of an installation, and the keys made from it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{AuthError, AuthErrorKind};

/// RFC 7518 section 3.2: an HS256 key is at least as long as the hash.
const BYTES_MIN: usize = 32;
/// Sixty-four random hexadecimal digits hold about 15 different ones.
const DISTINCT_BYTES_MIN: usize = 8;
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "your-secret",
    "your_secret",
];

/// What access and refresh tokens are signed with. Whoever has it can be anybody.
#[derive(Clone)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// A secret from a file or the environment.
    ///
    /// # Errors
    /// `Invalid` when it has fewer than 32 bytes or fewer than 8 different ones, or when it is a
    /// placeholder out of an example.
    pub fn new(text: &str) -> Result<Self, AuthError> {
        let refuse = |reason: &'static str| {
            let operation = "use the signing secret";
            Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
        };
        if text.len() < BYTES_MIN {
            return refuse("it is shorter than 32 bytes; make one with `openssl rand -hex 32`");
        }
        if distinct_bytes(text) < DISTINCT_BYTES_MIN || is_placeholder(text) {
            return refuse("it can be guessed; make one with `openssl rand -hex 32`");
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// A fresh one: every token dies with the program.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    /// The key for one purpose, independent of the keys for others.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, &[purpose.as_bytes()])
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(***)")
    }
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn distinct_bytes(text: &str) -> usize {
    let mut bytes = text.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len()
}

fn is_placeholder(text: &str) -> bool {
    let text = text.to_lowercase();
    PLACEHOLDERS
        .iter()
        .any(|placeholder| text.contains(placeholder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_refused() {
        for weak in [
            "",
            "tooshort",
            "0123456789abcdef0123456789abcde",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabcabcabcabcabcabcabcabc",
            "please-changeme-please-changeme-please",
        ] {
            let refused = SigningSecret::new(weak).expect_err(weak);
            assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{weak}");
        }
        SigningSecret::new("9f2c41d7a06b8e35f1c49a7d20be6358c1d4e7f0a2b3956874fedcba01234567")
            .expect("random enough");
    }

    #[test]
    fn keys_of_different_purposes_differ() {
        let secret = SigningSecret::random();
        assert_eq!(secret.derive("access"), secret.clone().derive("access"));
        assert_ne!(secret.derive("access"), secret.derive("refresh"));
        assert_ne!(
            secret.derive("access"),
            SigningSecret::random().derive("access")
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = SigningSecret::new("9f2c41d7a06b8e35f1c49a7d20be6358").expect("strong");
        assert_eq!(format!("{secret:?}"), "SigningSecret(***)");
    }
}
