//! Checkpoints: where a log ended at some time, signed, to be kept elsewhere.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{AuthError, AuthErrorKind, SigningSecret, TenantId};

const VERSION: &str = "karen-audit-1";
const PURPOSE: &str = "audit checkpoint";

/// Where a tenant's log ended, signed (Ed25519) with a key that only the installation's secret gives.
///
/// Its text is one line. Kept where who can write the database cannot write, it shows later whether
/// the log was cut off or written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheckpoint {
    tenant: TenantId,
    seq: u64,
    hash: [u8; 32],
    at_ms: i64,
    key: [u8; 32],
    signature: [u8; 64],
}

impl AuditCheckpoint {
    /// Whose log.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The number of its last entry then, and its hash.
    #[must_use]
    pub fn head(&self) -> (u64, [u8; 32]) {
        (self.seq, self.hash)
    }

    /// When it was made, unix milliseconds.
    #[must_use]
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The public key, to check it without the installation.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    fn claim(tenant: &TenantId, seq: u64, hash: &[u8; 32], at_ms: i64) -> String {
        let hash = URL_SAFE_NO_PAD.encode(hash);
        format!("{VERSION} {tenant} {seq} {hash} {at_ms}")
    }

    fn is_signed(&self) -> bool {
        let claim = Self::claim(&self.tenant, self.seq, &self.hash, self.at_ms);
        let key = UnparsedPublicKey::new(&ED25519, self.key);
        key.verify(claim.as_bytes(), &self.signature).is_ok()
    }
}

impl fmt::Display for AuditCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = Self::claim(&self.tenant, self.seq, &self.hash, self.at_ms);
        let (key, signature) = (
            URL_SAFE_NO_PAD.encode(self.key),
            URL_SAFE_NO_PAD.encode(self.signature),
        );
        write!(f, "{claim} {key} {signature}")
    }
}

impl FromStr for AuditCheckpoint {
    type Err = AuthError;

    /// Reads the text of a checkpoint.
    ///
    /// # Errors
    /// `Invalid` for anything else, and for one whose signature is wrong.
    fn from_str(text: &str) -> Result<Self, AuthError> {
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let [VERSION, tenant, seq, hash, at_ms, key, signature] = parts[..] else {
            return Err(unreadable());
        };
        let checkpoint = Self {
            tenant: TenantId::parse(tenant)?,
            seq: seq.parse().map_err(|_| unreadable())?,
            hash: bytes(hash)?,
            at_ms: at_ms.parse().map_err(|_| unreadable())?,
            key: bytes(key)?,
            signature: bytes(signature)?,
        };
        match checkpoint.is_signed() {
            true => Ok(checkpoint),
            false => Err(unreadable()),
        }
    }
}

/// Makes checkpoints, and tells its own from those of others.
pub(crate) struct CheckpointSigner {
    pair: Ed25519KeyPair,
    /// The keys of this secret and of those before it.
    keys: Vec<[u8; 32]>,
}

impl CheckpointSigner {
    pub(crate) fn new(secret: &SigningSecret, earlier: &[SigningSecret]) -> Self {
        let secrets = std::iter::once(secret).chain(earlier);
        Self {
            pair: pair(secret),
            keys: secrets.map(|secret| public(&pair(secret))).collect(),
        }
    }

    pub(crate) fn sign(
        &self,
        tenant: &TenantId,
        (seq, hash): (u64, [u8; 32]),
        at_ms: i64,
    ) -> AuditCheckpoint {
        let claim = AuditCheckpoint::claim(tenant, seq, &hash, at_ms);
        let signature = self.pair.sign(claim.as_bytes());
        AuditCheckpoint {
            tenant: tenant.clone(),
            seq,
            hash,
            at_ms,
            key: public(&self.pair),
            signature: signature
                .as_ref()
                .try_into()
                .expect("a signature of Ed25519 has 64 bytes"),
        }
    }

    /// Whether this installation has signed it.
    pub(crate) fn knows(&self, checkpoint: &AuditCheckpoint) -> bool {
        self.keys.contains(&checkpoint.key) && checkpoint.is_signed()
    }
}

fn pair(secret: &SigningSecret) -> Ed25519KeyPair {
    let seed = secret.derive(PURPOSE);
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed")
}

fn public(pair: &Ed25519KeyPair) -> [u8; 32] {
    let key = pair.public_key().as_ref().try_into();
    key.expect("a key of Ed25519 has 32 bytes")
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
    bytes.try_into().map_err(|_| unreadable())
}

fn unreadable() -> AuthError {
    let reason = "it is no line that an audit log was signed with";
    AuthError::new(AuthErrorKind::Invalid, "read the checkpoint", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> CheckpointSigner {
        CheckpointSigner::new(&SigningSecret::random(), &[])
    }

    #[test]
    fn a_checkpoint_survives_as_a_line_of_text() {
        let checkpoint = signer().sign(&TenantId::random(), (7, [9; 32]), 1_000);
        let line = checkpoint.to_string();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.parse::<AuditCheckpoint>().expect("a line"), checkpoint);
    }

    #[test]
    fn a_checkpoint_that_was_changed_is_none() {
        let line = signer().sign(&TenantId::default(), (7, [9; 32]), 1_000);
        let line = line.to_string();
        for place in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).expect("ASCII");
            assert!(text.parse::<AuditCheckpoint>().is_err(), "{text}");
        }
        assert!("".parse::<AuditCheckpoint>().is_err());
    }

    #[test]
    fn an_installation_knows_its_own_also_after_a_new_secret() {
        let (old, new) = (SigningSecret::random(), SigningSecret::random());
        let before = CheckpointSigner::new(&old, &[]);
        let kept = before.sign(&TenantId::default(), (1, [0; 32]), 1);
        assert!(before.knows(&kept));
        assert!(CheckpointSigner::new(&new, &[old]).knows(&kept));
        assert!(!CheckpointSigner::new(&new, &[]).knows(&kept));
    }
}
