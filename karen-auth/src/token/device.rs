//! Device tokens: a device that somebody has logged in from before is tried apart from all others, so
//! that who guesses at an account from elsewhere keeps its owner waiting nowhere.
//!
//! They open nothing. The design is OWASP's, "Slow down online guessing attacks with device cookies".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::DeviceToken;
use crate::secret::mac;
use crate::{Email, SigningSecret};

const VERSION: u8 = 1;
const ID_BYTES: usize = 16;
const MAC_BYTES: usize = 16;
/// version ‖ device ‖ expiry ‖ MAC
const TOKEN_BYTES: usize = 1 + ID_BYTES + 8 + MAC_BYTES;
/// Browsers keep no cookie for longer (RFC 6265bis).
pub(crate) const LIFETIME_MS: i64 = 400 * 24 * 60 * 60 * 1000;

/// Makes and knows device tokens.
pub(crate) struct DeviceKey {
    /// The first issues, all are believed.
    keys: Vec<[u8; 32]>,
}

impl DeviceKey {
    pub(crate) fn new(secret: &SigningSecret, earlier: &[SigningSecret]) -> Self {
        let secrets = std::iter::once(secret).chain(earlier);
        Self {
            keys: secrets.map(|s| s.derive("karen device token v1")).collect(),
        }
    }

    /// A token of a device from which the account with `email` has logged in.
    pub(crate) fn issue(&self, email: &Email, now_ms: i64) -> DeviceToken {
        let expires = (now_ms + LIFETIME_MS).to_be_bytes();
        let head = [&[VERSION], &rand::random::<[u8; ID_BYTES]>()[..], &expires].concat();
        let tag = self.keys.first().map(|key| tag(key, &head, email.as_str()));
        let tag = tag.expect("there is a secret");
        DeviceToken::new(URL_SAFE_NO_PAD.encode([&head[..], &tag].concat()))
    }

    /// The name of the device, if `token` was issued to it for the account with `email`.
    pub(crate) fn knows(&self, token: &str, email: &str, now_ms: i64) -> Option<String> {
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (head, given) = bytes.split_at(TOKEN_BYTES - MAC_BYTES);
        let (id, expires) = head.get(1..)?.split_at(ID_BYTES);
        let is_alive = i64::from_be_bytes(expires.try_into().ok()?) > now_ms;
        let mut tags = self.keys.iter().map(|key| tag(key, head, email));
        let is_issued = tags.any(|tag| tag.ct_eq(given).into());
        let is_known = head.first() == Some(&VERSION) && is_alive && is_issued;
        is_known.then(|| URL_SAFE_NO_PAD.encode(id))
    }
}

fn tag(key: &[u8; 32], head: &[u8], email: &str) -> [u8; MAC_BYTES] {
    let whole = mac(key, &[head, email.as_bytes()]);
    let (first, _) = whole.split_first_chunk().expect("it is longer");
    *first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_for_one_account_and_for_its_time() {
        let secret = SigningSecret::random();
        let key = DeviceKey::new(&secret, &[]);
        let email = Email::parse("ada@example.com").expect("an address");
        let token = key.issue(&email, 5);
        let name = key.knows(token.expose(), "ada@example.com", 5);
        assert!(name.is_some());
        assert_eq!(key.knows(token.expose(), "eve@example.com", 5), None);
        let last = 5 + LIFETIME_MS;
        assert_eq!(key.knows(token.expose(), "ada@example.com", last - 1), name);
        assert_eq!(key.knows(token.expose(), "ada@example.com", last), None);
        let rotated = DeviceKey::new(&SigningSecret::random(), &[secret]);
        assert_eq!(rotated.knows(token.expose(), "ada@example.com", 5), name);
        let other = DeviceKey::new(&SigningSecret::random(), &[]);
        assert_eq!(other.knows(token.expose(), "ada@example.com", 5), None);
        assert_eq!(key.knows("made up", "ada@example.com", 5), None);
    }
}
