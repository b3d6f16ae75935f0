//! Keys that sign, each with one algorithm.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::jwk::encode;
use super::{Jwk, SigningAlgorithm, VerifyingKey};
use crate::secret::mac;
use crate::{AuthError, AuthErrorKind, SigningSecret};

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// RFC 7468 section 2.
const PEM_LINE_CHARS: usize = 64;
/// NIST SP 800-57 part 1, table 2: below this RSA falls short of 112 bits.
const RSA_BYTES_MIN: usize = 256;
/// 128 bits, which OWASP ASVS 5.0 item 11.2.3 asks of new keys.
const RSA_SIZE: KeySize = KeySize::Rsa3072;

/// A key that signs access tokens. Clones are cheap.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    verifying: VerifyingKey,
}

enum Pair {
    Hs256(Box<hmac::Key>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// A private key as text, for a file that only its owner may read.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKeyPem(String);

impl PrivateKeyPem {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(***)")
    }
}

impl SigningKey {
    /// A fresh key. RSA gets 3,072 bits, which takes some tenths of a second.
    ///
    /// # Errors
    /// `Invalid` for HS256, whose key is the installation's secret; `Internal` when the machine
    /// has no randomness.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, AuthError> {
        let pair = match algorithm {
            SigningAlgorithm::Hs256 => {
                let reason = "HS256 signs with the installation's secret; there is none to make";
                return Err(refusal(AuthErrorKind::Invalid, reason));
            }
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Es256)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::EdDsa),
            SigningAlgorithm::Rs256 => RsaKeyPair::generate(RSA_SIZE).map(Pair::Rs256),
        };
        pair.map(Self::of).map_err(|e| {
            refusal(AuthErrorKind::Internal, "the machine has no randomness").caused_by(e)
        })
    }

    /// Reads a PKCS#8 key, `-----BEGIN PRIVATE KEY-----`. What it holds decides the algorithm:
    /// Ed25519 is EdDSA, P-256 is ES256, RSA of 2,048 to 8,192 bits is RS256.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn from_pem(pem: &str) -> Result<Self, AuthError> {
        let body = pem
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or_else(unreadable)?;
        let body: String = body.split_ascii_whitespace().collect();
        let pkcs8 = STANDARD.decode(body).map_err(|_| unreadable())?;
        Self::from_pkcs8(&pkcs8)
    }

    /// Reads a PKCS#8 key in DER.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, AuthError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(pkcs8) {
            return Ok(Self::of(Pair::EdDsa(pair)));
        }
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8) {
            return Ok(Self::of(Pair::Es256(pair)));
        }
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| unreadable())?;
        if pair.public_modulus_len() < RSA_BYTES_MIN {
            let reason = "RSA with fewer than 2,048 bits is too weak; make one with 3,072";
            return Err(refusal(AuthErrorKind::Invalid, reason));
        }
        Ok(Self::of(Pair::Rs256(pair)))
    }

    /// The HS256 key of an installation.
    pub(crate) fn of_secret(secret: &SigningSecret) -> Self {
        let key = secret.derive("karen access token v1");
        let kid = encode(&mac(&key, &[b"kid"])[..9]);
        Self {
            pair: Arc::new(Pair::Hs256(Box::new(hmac::Key::new(
                hmac::HMAC_SHA256,
                &key,
            )))),
            verifying: VerifyingKey::hs256(&key, kid),
        }
    }

    fn of(pair: Pair) -> Self {
        let verifying = match &pair {
            Pair::Hs256(_) => unreachable!("an HS256 key is made of a secret"),
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref().try_into();
                VerifyingKey::es256(point.expect("an uncompressed point of P-256 has 65 bytes"))
            }
            Pair::EdDsa(pair) => {
                let public = pair.public_key().as_ref().try_into();
                VerifyingKey::ed25519(public.expect("an Ed25519 key has 32 bytes"))
            }
            Pair::Rs256(pair) => {
                let RsaPublicKeyComponents { n, e } = pair.public_key().into();
                VerifyingKey::rs256(n, e)
            }
        };
        Self {
            pair: Arc::new(pair),
            verifying: verifying.expect("a private key has a good public one"),
        }
    }

    /// The name that tokens carry: the thumbprint of the public key (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// The only algorithm that it signs with.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.verifying.algorithm()
    }

    /// The public key; `None` for HS256, which has none.
    #[must_use]
    pub fn jwk(&self) -> Option<&Jwk> {
        self.verifying.jwk()
    }

    /// The private key, to be kept; `None` for HS256.
    #[must_use]
    pub fn to_pem(&self) -> Option<PrivateKeyPem> {
        let text = STANDARD.encode(self.to_pkcs8()?);
        let mut pem = format!("{PEM_BEGIN}\n");
        for line in text.as_bytes().chunks(PEM_LINE_CHARS) {
            pem.extend(line.iter().map(|&byte| char::from(byte)));
            pem.push('\n');
        }
        Some(PrivateKeyPem(format!("{pem}{PEM_END}\n")))
    }

    pub(crate) fn to_pkcs8(&self) -> Option<Vec<u8>> {
        let rsa = |pair: &RsaKeyPair| -> Result<Pkcs8V1Der<'_>, _> { pair.as_der() };
        let bytes = match &*self.pair {
            Pair::Hs256(_) => return None,
            Pair::Es256(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::EdDsa(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Rs256(pair) => rsa(pair).map(|der| der.as_ref().to_vec()),
        };
        Some(bytes.expect("a key that was read can be written"))
    }

    pub(crate) fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The signature of `message`, as a JWS carries it.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Hs256(key) => hmac::sign(key, message).as_ref().to_vec(),
            Pair::Es256(pair) => {
                let signature = pair.sign(&random, message);
                let signature = signature.expect("P-256 signs any message");
                signature.as_ref().to_vec()
            }
            Pair::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("RSA signs any message");
                signature
            }
        }
    }
}

/// The name and the algorithm: neither is a secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

fn unreadable() -> AuthError {
    let reason = "it is no PKCS#8 private key of Ed25519, P-256 or RSA; make one with `openssl \
                  genpkey -algorithm ed25519`";
    refusal(AuthErrorKind::Invalid, reason)
}

fn refusal(kind: AuthErrorKind, reason: &'static str) -> AuthError {
    AuthError::new(kind, "use the signing key", reason)
}

#[cfg(test)]
mod tests;
