//! Envelope encryption of small secrets at rest: a fresh key encrypts each, and the installation's
//! key encrypts that one. So a new installation secret re-encrypts 32 bytes a row and no more.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};

use crate::secret::mac;
use crate::{AuthError, AuthErrorKind, SigningSecret};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// version ‖ id of the installation's key ‖ nonce ‖ encrypted data key
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// Encrypts and decrypts with the keys made from the installation's secrets.
pub(crate) struct Sealer {
    /// The first encrypts, all decrypt.
    keys: Vec<InstallationKey>,
}

struct InstallationKey {
    id: [u8; KEY_ID_BYTES],
    key: RandomizedNonceKey,
}

/// What a sealed text belongs to: it opens there and nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Such as `totp`.
    pub(crate) purpose: &'static str,
    /// The id of the row.
    pub(crate) owner: &'a str,
}

impl Sealer {
    /// `secret` seals; what the secrets in `earlier` have sealed can still be opened.
    pub(crate) fn new(secret: &SigningSecret, earlier: &[SigningSecret]) -> Self {
        let secrets = std::iter::once(secret).chain(earlier);
        Self {
            keys: secrets.map(InstallationKey::of).collect(),
        }
    }

    /// Encrypts `plain` for `place`.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let data_key: [u8; KEY_BYTES] = rand::random();
        let mut sealed = self.wrap(&data_key);
        sealed.extend(encrypt(&gcm(&data_key), place, plain));
        sealed
    }

    /// Decrypts what was sealed for `place`.
    ///
    /// # Errors
    /// `Corrupt` when it was changed, belongs elsewhere, or was sealed under a secret that is not
    /// configured any more.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, AuthError> {
        let (data_key, body) = self.unwrap(sealed)?;
        decrypt(&gcm(&data_key), place, body).ok_or_else(|| damaged("it was changed or moved"))
    }

    /// The same text under today's key; `None` when it is already.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn reseal(&self, sealed: &[u8]) -> Result<Option<Vec<u8>>, AuthError> {
        if sealed.get(1..1 + KEY_ID_BYTES) == Some(&self.keys[0].id) {
            return Ok(None);
        }
        let (data_key, body) = self.unwrap(sealed)?;
        Ok(Some([&self.wrap(&data_key), body].concat()))
    }

    fn wrap(&self, data_key: &[u8; KEY_BYTES]) -> Vec<u8> {
        let InstallationKey { id, key } = &self.keys[0];
        let mut head = vec![VERSION];
        head.extend(id);
        head.extend(encrypt(key, DATA_KEY, data_key));
        head
    }

    fn unwrap<'s>(&self, sealed: &'s [u8]) -> Result<([u8; KEY_BYTES], &'s [u8]), AuthError> {
        let (head, body) = sealed
            .split_at_checked(HEAD_BYTES)
            .filter(|(head, _)| head[0] == VERSION)
            .ok_or_else(|| damaged("it is cut short"))?;
        let (id, wrapped) = head[1..].split_at(KEY_ID_BYTES);
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| {
            damaged("its key is lost: configure the secret that was in use, as an earlier one")
        })?;
        let data_key = decrypt(&key.key, DATA_KEY, wrapped)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| damaged("it was changed"))?;
        Ok((data_key, body))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(***)")
    }
}

const DATA_KEY: Place<'static> = Place {
    purpose: "data key",
    owner: "",
};

impl InstallationKey {
    fn of(secret: &SigningSecret) -> Self {
        let key = secret.derive("karen encryption at rest v1");
        let id = mac(&key, &[b"id"]);
        Self {
            id: std::array::from_fn(|i| id[i]),
            key: gcm(&key),
        }
    }
}

fn gcm(key: &[u8; KEY_BYTES]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("AES-256-GCM takes any 32 bytes")
}

/// nonce ‖ ciphertext ‖ tag
fn encrypt(key: &RandomizedNonceKey, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
    let mut text = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(place.aad(), &mut text)
        .expect("AES-GCM encrypts any text of this size");
    [&nonce.as_ref()[..], &text].concat()
}

fn decrypt(key: &RandomizedNonceKey, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let plain = key.open_in_place(nonce, place.aad(), &mut text).ok()?;
    Some(plain.to_vec())
}

impl Place<'_> {
    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from([self.purpose.as_bytes(), &[0], self.owner.as_bytes()].concat())
    }
}

fn damaged(reason: &'static str) -> AuthError {
    AuthError::new(AuthErrorKind::Corrupt, "decrypt a stored secret", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place {
        purpose: "totp",
        owner: "usr_1",
    };

    #[test]
    fn a_sealed_text_opens_in_its_place_only() {
        let sealer = Sealer::new(&SigningSecret::random(), &[]);
        let sealed = sealer.seal(HERE, b"seed");
        assert_eq!(sealer.open(HERE, &sealed).expect("own"), b"seed");
        assert_ne!(sealer.seal(HERE, b"seed"), sealed, "never the same twice");
        for elsewhere in [
            Place {
                owner: "usr_2",
                ..HERE
            },
            Place {
                purpose: "mail",
                ..HERE
            },
        ] {
            let refused = sealer.open(elsewhere, &sealed).expect_err("moved");
            assert_eq!(refused.kind(), AuthErrorKind::Corrupt);
        }
    }

    #[test]
    fn a_change_of_any_byte_is_found() {
        let sealer = Sealer::new(&SigningSecret::random(), &[]);
        let sealed = sealer.seal(HERE, b"seed");
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            sealer.open(HERE, &changed).expect_err("changed");
            sealer.open(HERE, &sealed[..i]).expect_err("cut");
        }
    }

    #[test]
    fn a_new_secret_opens_and_reseals_what_the_old_one_sealed() {
        let (old, new) = (SigningSecret::random(), SigningSecret::random());
        let sealed = Sealer::new(&old, &[]).seal(HERE, b"seed");
        let rotated = Sealer::new(&new, std::slice::from_ref(&old));
        assert_eq!(rotated.open(HERE, &sealed).expect("the old key"), b"seed");
        let resealed = rotated.reseal(&sealed).expect("known").expect("outdated");
        assert_eq!(rotated.reseal(&resealed).expect("known"), None);
        let lost = Sealer::new(&new, &[]);
        assert_eq!(lost.open(HERE, &resealed).expect("the new key"), b"seed");
        let refused = lost.open(HERE, &sealed).expect_err("the old key is gone");
        assert!(refused.to_string().contains("key is lost"), "{refused}");
    }
}
