//! The algorithms of access tokens.

use std::fmt;
use std::str::FromStr;

use crate::{AuthError, AuthErrorKind};

/// How an access token is signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256: only the installation itself can check its tokens.
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519: the quickest of those that others can check.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, for verifiers that know nothing else.
    Rs256,
}

impl SigningAlgorithm {
    /// Every algorithm.
    pub const ALL: &'static [SigningAlgorithm] =
        &[Self::Hs256, Self::Es256, Self::EdDsa, Self::Rs256];

    /// The name in headers and settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let named = Self::ALL.iter().find(|a| a.as_str() == text);
        named.copied().ok_or_else(|| {
            let reason = "there are HS256, ES256, EdDSA and RS256";
            AuthError::new(AuthErrorKind::Invalid, "read a signing algorithm", reason)
        })
    }
}
