//! Keys that check signatures, each of one algorithm.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::{Jwk, SigningAlgorithm};

/// A key that checks signatures of one algorithm.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    algorithm: SigningAlgorithm,
    material: Arc<Material>,
    kid: Arc<str>,
    jwk: Option<Arc<Jwk>>,
}

enum Material {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl VerifyingKey {
    pub(crate) fn hs256(key: &[u8], kid: String) -> Self {
        Self {
            algorithm: SigningAlgorithm::Hs256,
            material: Arc::new(Material::Secret(Box::new(hmac::Key::new(
                hmac::HMAC_SHA256,
                key,
            )))),
            kid: kid.into(),
            jwk: None,
        }
    }

    /// `None` when it is no point of the curve.
    pub(crate) fn es256(point: &[u8; 65]) -> Option<Self> {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
        Some(Self::public(
            SigningAlgorithm::Es256,
            key,
            Jwk::es256(point),
        ))
    }

    /// `None` when it is no point of the curve.
    pub(crate) fn ed25519(public: &[u8; 32]) -> Option<Self> {
        let key = ParsedPublicKey::new(&ED25519, public).ok()?;
        Some(Self::public(
            SigningAlgorithm::EdDsa,
            key,
            Jwk::ed25519(public),
        ))
    }

    /// `None` when it is too short, or nonsense.
    pub(crate) fn rs256(modulus: Vec<u8>, exponent: Vec<u8>) -> Option<Self> {
        let jwk = Jwk::rs256(&modulus, &exponent);
        let parts = RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key = parts.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        Some(Self::public(SigningAlgorithm::Rs256, key.ok()?, jwk))
    }

    fn public(algorithm: SigningAlgorithm, key: ParsedPublicKey, jwk: Jwk) -> Self {
        Self {
            algorithm,
            material: Arc::new(Material::Public(key)),
            kid: jwk.kid.as_str().into(),
            jwk: Some(Arc::new(jwk)),
        }
    }

    pub(crate) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn jwk(&self) -> Option<&Jwk> {
        self.jwk.as_deref()
    }

    /// Whether the owner of this key signed `message`.
    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &*self.material {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}
