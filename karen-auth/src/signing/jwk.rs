//! Public keys as others read them: JSON Web Keys (RFC 7517, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::SigningAlgorithm;

/// A public key. There is no field for a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `EC`, `OKP` or `RSA`.
    pub kty: &'static str,
    /// The algorithm that the key is for, and no other.
    pub alg: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// The name in the headers of tokens: the thumbprint of RFC 7638.
    pub kid: String,
    /// The curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// The first coordinate, or the key of an `OKP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The second coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// What `/.well-known/jwks.json` answers.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct JwkSet {
    /// The key that signs first, then those whose tokens are still in force.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// `point` is uncompressed: 4, 32 bytes of x, 32 of y (SEC 1 section 2.3.3).
    pub(super) fn es256(point: &[u8; 65]) -> Self {
        let key = Self {
            crv: Some("P-256"),
            x: Some(encode(&point[1..33])),
            y: Some(encode(&point[33..])),
            ..Self::empty("EC", SigningAlgorithm::Es256)
        };
        key.named(|key| {
            let (x, y) = (text(&key.x), text(&key.y));
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        })
    }

    pub(super) fn ed25519(public: &[u8; 32]) -> Self {
        let key = Self {
            crv: Some("Ed25519"),
            x: Some(encode(public)),
            ..Self::empty("OKP", SigningAlgorithm::EdDsa)
        };
        key.named(|key| {
            let x = text(&key.x);
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
        })
    }

    /// Big-endian, without leading zeros.
    pub(super) fn rs256(modulus: &[u8], exponent: &[u8]) -> Self {
        let key = Self {
            n: Some(encode(modulus)),
            e: Some(encode(exponent)),
            ..Self::empty("RSA", SigningAlgorithm::Rs256)
        };
        key.named(|key| {
            let (n, e) = (text(&key.n), text(&key.e));
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
        })
    }

    fn empty(kty: &'static str, algorithm: SigningAlgorithm) -> Self {
        Self {
            kty,
            alg: algorithm.as_str(),
            usage: "sig",
            kid: String::new(),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        }
    }

    /// RFC 7638 section 3: the hash of the members that are needed, in the order of the alphabet.
    fn named(self, needed: impl FnOnce(&Self) -> String) -> Self {
        let kid = encode(&Sha256::digest(needed(&self)));
        Self { kid, ..self }
    }
}

fn text(member: &Option<String>) -> &str {
    member.as_deref().unwrap_or_default()
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 7638 section 3.1.
    #[test]
    fn the_thumbprint_of_an_rsa_key_is_that_of_the_rfc() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxu\
                       hDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN\
                       5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5\
                       hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBni\
                       Iqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = Jwk::rs256(&decode(modulus), &decode("AQAB"));
        assert_eq!(key.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// RFC 8037 appendix A.3.
    #[test]
    fn the_thumbprint_of_an_ed25519_key_is_that_of_the_rfc() {
        let public = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let key = Jwk::ed25519(&public.try_into().expect("32 bytes"));
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn only_what_a_key_has_is_written() {
        let text = serde_json::to_string(&Jwk::ed25519(&[7; 32])).expect("JSON");
        assert_eq!(
            text,
            format!(
                r#"{{"kty":"OKP","alg":"EdDSA","use":"sig","kid":"{}","crv":"Ed25519","x":"{}"}}"#,
                Jwk::ed25519(&[7; 32]).kid,
                encode(&[7; 32]),
            )
        );
    }
}
