//! Where the keys of an installation of several instances are kept.

use async_trait::async_trait;

use crate::AuthError;

/// A signing key as its store keeps it: encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSigningKey {
    /// Counts from 1; the highest signs.
    pub seq: i64,
    /// The name that tokens carry.
    pub kid: String,
    /// The PKCS#8 key, encrypted under the installation's secret.
    pub sealed: Vec<u8>,
    /// When it was made, unix milliseconds.
    pub created_at_ms: i64,
    /// Until when its tokens are believed, unix milliseconds; `None` while it signs.
    pub until_ms: Option<i64>,
}

/// Keeps signing keys.
///
/// What an implementation owes its callers, and `testing::signing_key_store` checks: durable
/// answers that every later call sees; of callers that append after the same key at the same time,
/// one succeeds; a key that has a successor has an end.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// The keys, the newest first.
    async fn list(&self) -> Result<Vec<SealedSigningKey>, AuthError>;

    /// Appends `key` after the key numbered `key.seq - 1`, which is believed until
    /// `earlier_until_ms`; `false` when that one is not the newest.
    async fn append(
        &self,
        key: &SealedSigningKey,
        earlier_until_ms: i64,
    ) -> Result<bool, AuthError>;

    /// Replaces how the key is encrypted; `false` when it is absent.
    async fn reseal(&self, kid: &str, sealed: &[u8]) -> Result<bool, AuthError>;

    /// Deletes the keys that nobody believes any more; answers how many.
    async fn delete_ended(&self, now_ms: i64) -> Result<u64, AuthError>;
}
