//! Refresh tokens: a session's id and a counter, authenticated by a key that the session keeps.
//!
//! One row a session instead of one a token, and what an honest client does is forgiven: using a
//! token again because the answer was lost, or twice at once in two tabs. Everything else that
//! comes back late is theft. The design is that of Supabase Auth's version 2 tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::RefreshToken;
use crate::secret::mac;
use crate::{SessionId, SigningSecret};

const VERSION: u8 = 1;
const MAC_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 4;
/// version ‖ session ‖ counter ‖ MAC ‖ checksum
const TOKEN_BYTES: usize = 1 + 16 + 8 + MAC_BYTES + CHECKSUM_BYTES;

/// What a refresh token claims, before the session's key has been asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshTicket {
    pub(crate) session: SessionId,
    pub(crate) counter: u64,
    mac: [u8; MAC_BYTES],
}

impl RefreshTicket {
    /// Reads a token; `None` when it is mistyped or of another kind.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (body, sum) = bytes.split_at(TOKEN_BYTES - CHECKSUM_BYTES);
        if body[0] != VERSION || checksum(body) != *sum {
            return None;
        }
        Some(Self {
            session: SessionId::from_bytes(part(&body[1..17])),
            counter: u64::from_be_bytes(part(&body[17..25])),
            mac: part(&body[25..]),
        })
    }
}

/// Makes the MACs of refresh tokens. A copy of the database alone cannot: it takes the
/// installation's secret and the session's key.
pub(crate) struct RefreshKey {
    /// The first issues, all are believed.
    keys: Vec<[u8; 32]>,
}

impl RefreshKey {
    /// `secret` issues; tokens issued under the secrets in `earlier` are still good.
    pub(crate) fn new(secret: &SigningSecret, earlier: &[SigningSecret]) -> Self {
        let secrets = std::iter::once(secret).chain(earlier);
        Self {
            keys: secrets
                .map(|s| s.derive("karen refresh token v1"))
                .collect(),
        }
    }

    /// The token of `session` at `counter`, whose row holds `session_key`.
    pub(crate) fn issue(
        &self,
        session: &SessionId,
        session_key: &[u8],
        counter: u64,
    ) -> RefreshToken {
        let mut token = vec![VERSION];
        token.extend(session.to_bytes());
        token.extend(counter.to_be_bytes());
        token.extend(ticket_mac(&self.keys[0], session, session_key, counter));
        token.extend(checksum(&token));
        RefreshToken::new(URL_SAFE_NO_PAD.encode(token))
    }

    /// Whether this installation issued `ticket` for the session that holds `session_key`.
    pub(crate) fn issued(&self, ticket: &RefreshTicket, session_key: &[u8]) -> bool {
        let RefreshTicket {
            session, counter, ..
        } = ticket;
        self.keys.iter().any(|key| {
            let expected = ticket_mac(key, session, session_key, *counter);
            expected.ct_eq(&ticket.mac).into()
        })
    }
}

fn ticket_mac(
    key: &[u8; 32],
    session: &SessionId,
    session_key: &[u8],
    counter: u64,
) -> [u8; MAC_BYTES] {
    let key = mac(key, &[session_key]);
    let parts: [&[u8]; 3] = [&[VERSION], &session.to_bytes(), &counter.to_be_bytes()];
    part(&mac(&key, &parts)[..MAC_BYTES])
}

/// What to do about a token whose MAC is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// It is the current one: step the counter.
    Current,
    /// An honest client is behind, or somebody who stays exactly one step behind it: hand out the
    /// current one again.
    Forgiven,
    /// Two parties hold the session: end it.
    Theft,
    /// It is ahead of the session: the database was put back to an older state.
    Ahead,
}

/// Judges `presented` against a session that stands at `current` and was last refreshed
/// `since_refresh_ms` ago.
pub(crate) fn judge(presented: u64, current: u64, since_refresh_ms: i64, grace_ms: i64) -> Reuse {
    match current.checked_sub(presented) {
        None => Reuse::Ahead,
        Some(0) => Reuse::Current,
        Some(1) => Reuse::Forgiven,
        Some(_) if since_refresh_ms < grace_ms => Reuse::Forgiven,
        Some(_) => Reuse::Theft,
    }
}

/// Finds typing errors without asking the database; no protection against anybody.
fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    part(&Sha256::digest(body)[..CHECKSUM_BYTES])
}

fn part<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the layout has fixed lengths")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_what_they_wrote() {
        let key = RefreshKey::new(&SigningSecret::random(), &[]);
        let session = SessionId::random();
        let token = key.issue(&session, b"row key", 7);
        assert_eq!(token.expose().len(), 60);
        let ticket = RefreshTicket::parse(token.expose()).expect("own token");
        assert_eq!((&ticket.session, ticket.counter), (&session, 7));
        assert!(key.issued(&ticket, b"row key"));
        assert!(!key.issued(&ticket, b"another row's key"));
        let elsewhere = RefreshKey::new(&SigningSecret::random(), &[]);
        assert!(!elsewhere.issued(&ticket, b"row key"));
    }

    #[test]
    fn no_changed_token_is_believed() {
        let key = RefreshKey::new(&SigningSecret::random(), &[]);
        let token = key.issue(&SessionId::random(), b"row key", 7);
        let bytes = URL_SAFE_NO_PAD.decode(token.expose()).expect("base64url");
        for i in 0..TOKEN_BYTES - CHECKSUM_BYTES {
            let mut forged = bytes[..TOKEN_BYTES - CHECKSUM_BYTES].to_vec();
            forged[i] ^= 1;
            let mistyped = [&forged[..], &bytes[TOKEN_BYTES - CHECKSUM_BYTES..]].concat();
            assert_eq!(
                RefreshTicket::parse(&URL_SAFE_NO_PAD.encode(mistyped)),
                None
            );
            forged.extend(checksum(&forged));
            let ticket = RefreshTicket::parse(&URL_SAFE_NO_PAD.encode(forged));
            assert!(
                ticket.is_none_or(|ticket| !key.issued(&ticket, b"row key")),
                "byte {i}"
            );
        }
    }

    #[test]
    fn reuse_is_judged_by_distance_and_time() {
        let (soon, late, grace) = (9_999, 10_000, 10_000);
        for (presented, since, expect) in [
            (5, late, Reuse::Current),
            (4, late, Reuse::Forgiven),
            (3, soon, Reuse::Forgiven),
            (0, soon, Reuse::Forgiven),
            (3, late, Reuse::Theft),
            (0, late, Reuse::Theft),
            (6, soon, Reuse::Ahead),
        ] {
            assert_eq!(
                judge(presented, 5, since, grace),
                expect,
                "{presented} after {since}"
            );
        }
    }
}
