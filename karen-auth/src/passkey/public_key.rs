//! Keys of authenticators: `COSE_Key` (RFC 9052 section 7, RFC 9053).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use ciborium::Value;

use super::authenticator_data::cbor;

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// What is offered to authenticators, the best first, by the numbers of COSE.
pub(crate) const ALGORITHMS: &[i64] = &[EDDSA, ES256, RS256];

const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
/// The curve, or the modulus.
const FIRST: i64 = -1;
/// The x coordinate, or the exponent.
const SECOND: i64 = -2;
/// The y coordinate.
const THIRD: i64 = -3;

const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const CURVE_25519: i64 = 6;

/// A key that checks the signatures of one passkey.
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// `None` for a key of an algorithm that was not offered, and for none at all.
    pub(super) fn read(cose: &[u8]) -> Option<Self> {
        let key = Fields(cbor(cose)?.into_map().ok()?);
        let kind = (key.number(KEY_TYPE)?, key.number(ALGORITHM)?);
        match kind {
            (EC2, ES256) if key.number(FIRST)? == P256 => {
                let (x, y) = (key.coordinate(SECOND)?, key.coordinate(THIRD)?);
                let point = [&[4], x, y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok()
            }
            (OKP, EDDSA) if key.number(FIRST)? == CURVE_25519 => {
                ParsedPublicKey::new(&ED25519, key.coordinate(SECOND)?).ok()
            }
            (RSA, RS256) => {
                let (n, e) = (key.bytes(FIRST)?, key.bytes(SECOND)?);
                let parts = RsaPublicKeyComponents { n, e };
                parts.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()
            }
            _ => None,
        }
        .map(Self)
    }

    pub(super) fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

struct Fields(Vec<(Value, Value)>);

impl Fields {
    /// `None` for a label that is absent, or there twice.
    fn get(&self, label: i64) -> Option<&Value> {
        let label = Value::from(label);
        let mut found = self.0.iter().filter(|(key, _)| *key == label);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    fn number(&self, label: i64) -> Option<i64> {
        i64::try_from(self.get(label)?.as_integer()?).ok()
    }

    fn bytes(&self, label: i64) -> Option<&[u8]> {
        self.get(label)?.as_bytes().map(Vec::as_slice)
    }

    fn coordinate(&self, label: i64) -> Option<&[u8]> {
        self.bytes(label).filter(|bytes| bytes.len() == 32)
    }
}
