//! Where the keys come from, and how they are rotated.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{KeyRing, RingKey, SealedSigningKey, SigningAlgorithm, SigningKey, SigningKeyStore};
use crate::seal::{Place, Sealer};
use crate::{AuthError, AuthErrorKind, Clock, SigningSecret};

/// After this another instance's new key is noticed and signed with.
const RELOAD_EVERY_MS: i64 = 30_000;
/// Unknown names of keys, which anybody can send, cost one look into the store in this time.
const LOOK_EVERY_MS: i64 = 1_000;
/// How far the clocks of two instances may differ.
const SKEW_MS: i64 = 5_000;

/// What access tokens are signed with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Signing {
    /// HS256, with a key made from the installation's secret: nothing to keep, and nobody else can
    /// check a token.
    #[default]
    Secret,
    /// Keys from files. The first signs, all are believed: to rotate, put a new one first and take
    /// the last away when its tokens have expired.
    Keys(Vec<SigningKey>),
    /// Keys that the database keeps, encrypted, and that are rotated by
    /// [`Auth::tend`](crate::Auth::tend) and
    /// [`Auth::rotate_signing_key`](crate::Auth::rotate_signing_key).
    Stored {
        /// What new keys are for; not HS256.
        algorithm: SigningAlgorithm,
        /// How long a key signs.
        rotate_after: Duration,
    },
}

/// What the keys need of the world.
pub(crate) struct KeySource {
    pub(crate) signing: Signing,
    pub(crate) secret: SigningSecret,
    pub(crate) earlier_secrets: Vec<SigningSecret>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) store: Arc<dyn SigningKeyStore>,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long an access token is good for.
    pub(crate) access_ms: i64,
}

/// The keys as this instance knows them.
pub(crate) struct SigningKeys {
    source: KeySource,
    kept: RwLock<Kept>,
}

#[derive(Clone)]
struct Kept {
    ring: Arc<KeyRing>,
    loaded_at_ms: i64,
}

impl SigningKeys {
    /// Loads the keys; makes the first when the database shall keep them and has none.
    ///
    /// # Errors
    /// `Invalid` for settings that make no key; `Corrupt` when a stored one cannot be decrypted.
    pub(crate) async fn open(source: KeySource) -> Result<Self, AuthError> {
        if let Signing::Stored { algorithm, .. } = source.signing
            && source.store.list().await?.is_empty()
        {
            source.append(algorithm, 0).await?;
        }
        let kept = RwLock::new(source.load().await?);
        Ok(Self { source, kept })
    }

    /// The keys as last seen. Asks no store.
    pub(crate) fn known(&self) -> Arc<KeyRing> {
        self.kept().ring
    }

    /// The keys, not older than half a minute: for signing.
    pub(crate) async fn current(&self) -> Result<Arc<KeyRing>, AuthError> {
        self.not_older_than(RELOAD_EVERY_MS).await
    }

    /// The keys, not older than a second: for a token whose key is not known.
    pub(crate) async fn look_again(&self) -> Result<Arc<KeyRing>, AuthError> {
        self.not_older_than(LOOK_EVERY_MS).await
    }

    /// Makes a key that signs from here on. Tokens of the one before it are believed until they
    /// expire.
    ///
    /// # Errors
    /// `Invalid` unless the database keeps the keys; `Conflict` when another instance did the same.
    pub(crate) async fn rotate(&self) -> Result<(), AuthError> {
        let Signing::Stored { algorithm, .. } = self.source.signing else {
            let reason = "the keys come from the settings: change them there";
            return Err(refusal(AuthErrorKind::Invalid, reason));
        };
        let newest = self.source.store.list().await?.first().map_or(0, |k| k.seq);
        if !self.source.append(algorithm, newest).await? {
            let reason = "another instance rotated them at the same time";
            return Err(refusal(AuthErrorKind::Conflict, reason));
        }
        self.reload().await.map(drop)
    }

    /// Rotates when it is time, re-encrypts under today's secret, deletes what has ended.
    pub(crate) async fn tend(&self) -> Result<(), AuthError> {
        let Signing::Stored { rotate_after, .. } = self.source.signing else {
            return Ok(());
        };
        let now_ms = self.source.clock.now_ms();
        let keys = self.source.store.list().await?;
        for key in &keys {
            if let Some(sealed) = self.source.sealer.reseal(&key.sealed)? {
                self.source.store.reseal(&key.kid, &sealed).await?;
            }
        }
        self.source.store.delete_ended(now_ms).await?;
        let age_ms = keys.first().map_or(0, |key| now_ms - key.created_at_ms);
        if u128::try_from(age_ms).unwrap_or(0) < rotate_after.as_millis() {
            return Ok(());
        }
        match self.rotate().await {
            Err(error) if error.kind() == AuthErrorKind::Conflict => Ok(()),
            done => done,
        }
    }

    async fn not_older_than(&self, age_ms: i64) -> Result<Arc<KeyRing>, AuthError> {
        let kept = self.kept();
        let is_fixed = !matches!(self.source.signing, Signing::Stored { .. });
        if is_fixed || self.source.clock.now_ms() - kept.loaded_at_ms < age_ms {
            return Ok(kept.ring);
        }
        self.reload().await
    }

    async fn reload(&self) -> Result<Arc<KeyRing>, AuthError> {
        let loaded = self.source.load().await?;
        let ring = Arc::clone(&loaded.ring);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(ring)
    }

    fn kept(&self) -> Kept {
        self.kept
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl KeySource {
    async fn load(&self) -> Result<Kept, AuthError> {
        let loaded_at_ms = self.clock.now_ms();
        let keys = match &self.signing {
            Signing::Secret => self.of_secrets(),
            Signing::Keys(keys) => keys.iter().cloned().map(lasting).collect(),
            Signing::Stored { .. } => self.of_store().await?,
        };
        if keys.is_empty() {
            let reason = "there is none: configure one";
            return Err(refusal(AuthErrorKind::Invalid, reason));
        }
        let ring = Arc::new(KeyRing::new(keys));
        Ok(Kept { ring, loaded_at_ms })
    }

    fn of_secrets(&self) -> Vec<RingKey> {
        let secrets = std::iter::once(&self.secret).chain(&self.earlier_secrets);
        secrets.map(SigningKey::of_secret).map(lasting).collect()
    }

    async fn of_store(&self) -> Result<Vec<RingKey>, AuthError> {
        let keys = self.store.list().await?;
        keys.iter().map(|key| self.unsealed(key)).collect()
    }

    fn unsealed(&self, stored: &SealedSigningKey) -> Result<RingKey, AuthError> {
        let pkcs8 = self.sealer.open(place(&stored.kid), &stored.sealed)?;
        Ok(RingKey {
            key: SigningKey::from_pkcs8(&pkcs8)?,
            until_ms: stored.until_ms,
        })
    }

    async fn append(&self, algorithm: SigningAlgorithm, after: i64) -> Result<bool, AuthError> {
        // RSA takes a while, which the threads of the runtime shall not wait for.
        let key = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm));
        let key = key.await.expect("making a key does not panic")?;
        let pkcs8 = key.to_pkcs8().expect("a key that was made is asymmetric");
        let now_ms = self.clock.now_ms();
        let sealed = SealedSigningKey {
            seq: after + 1,
            kid: key.kid().to_owned(),
            sealed: self.sealer.seal(place(key.kid()), &pkcs8),
            created_at_ms: now_ms,
            until_ms: None,
        };
        // Another instance may sign with the earlier key until it looks again.
        let until_ms = now_ms + RELOAD_EVERY_MS + self.access_ms + SKEW_MS;
        self.store.append(&sealed, until_ms).await
    }
}

fn place(kid: &str) -> Place<'_> {
    Place {
        purpose: "signing key",
        owner: kid,
    }
}

fn lasting(key: SigningKey) -> RingKey {
    RingKey {
        key,
        until_ms: None,
    }
}

fn refusal(kind: AuthErrorKind, reason: &'static str) -> AuthError {
    AuthError::new(kind, "use the signing keys", reason)
}
