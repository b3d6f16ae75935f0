//! The keys of one moment: the one that signs, and those whose tokens are still in force.

use super::{JwkSet, SigningKey, VerifyingKey};

/// A key and how long its tokens are believed.
pub(crate) struct RingKey {
    pub(crate) key: SigningKey,
    /// Unix milliseconds; `None` while it signs, or for as long as it is configured.
    pub(crate) until_ms: Option<i64>,
}

/// The first key signs. A token is checked with the key that its `kid` names, and with no other.
pub(crate) struct KeyRing(Vec<RingKey>);

impl KeyRing {
    /// `keys` holds one at least.
    pub(crate) fn new(keys: Vec<RingKey>) -> Self {
        assert!(!keys.is_empty(), "there is a key that signs");
        Self(keys)
    }

    pub(crate) fn signing(&self) -> &SigningKey {
        &self.0[0].key
    }

    /// The key named `kid`, if its tokens are believed at `now_ms`.
    pub(crate) fn find(&self, kid: &str, now_ms: i64) -> Option<&VerifyingKey> {
        let mut keys = self.in_force(now_ms);
        keys.find(|key| key.kid() == kid).map(SigningKey::verifying)
    }

    /// The public keys.
    pub(crate) fn jwks(&self, now_ms: i64) -> JwkSet {
        let keys = self.in_force(now_ms);
        JwkSet {
            keys: keys.filter_map(|key| key.jwk().cloned()).collect(),
        }
    }

    fn in_force(&self, now_ms: i64) -> impl Iterator<Item = &SigningKey> {
        let is_in_force = move |k: &&RingKey| k.until_ms.is_none_or(|until| now_ms < until);
        self.0.iter().filter(is_in_force).map(|k| &k.key)
    }
}
