//! The chain of hashes, and the walk along it.

use sha2::{Digest, Sha256};

use super::{AuditEntry, AuditEvent};

/// Sets these hashes apart from all others.
const DOMAIN: &[u8] = b"karen audit entry v1";

/// Walks along a log from its beginning; the first entry that does not fit is where it was changed.
///
/// A log that was cut at its end, or written anew by somebody who can write the whole database,
/// fits: keep an [`AuditCheckpoint`](crate::AuditCheckpoint) elsewhere to notice that.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuditChain {
    seq: u64,
    hash: [u8; 32],
}

impl AuditChain {
    /// The chain whose last entry, which is believed, has this number and hash.
    #[must_use]
    pub fn resume(seq: u64, hash: [u8; 32]) -> Self {
        Self { seq, hash }
    }

    /// Makes the next entry.
    #[must_use]
    pub fn link(&self, event: AuditEvent) -> AuditEntry {
        let seq = self.seq + 1;
        AuditEntry {
            hash: hash(&self.hash, seq, &event),
            seq,
            event,
        }
    }

    /// Steps over `entry`; `false` when it is not the one that follows.
    #[must_use]
    pub fn step(&mut self, entry: &AuditEntry) -> bool {
        let fits =
            entry.seq == self.seq + 1 && entry.hash == hash(&self.hash, entry.seq, &entry.event);
        if fits {
            *self = Self::resume(entry.seq, entry.hash);
        }
        fits
    }

    /// How many entries were stepped over, and the hash of the last.
    #[must_use]
    pub fn head(&self) -> (u64, [u8; 32]) {
        (self.seq, self.hash)
    }
}

fn hash(previous: &[u8; 32], seq: u64, event: &AuditEvent) -> [u8; 32] {
    let address = event.address.map(|address| address.to_string());
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(event.at_ms.to_be_bytes());
    for text in [
        Some(event.tenant.as_str()),
        Some(event.action.as_str()),
        Some(event.outcome.as_str()),
        event.actor.as_ref().map(|actor| actor.as_str()),
        event.subject.as_deref(),
        address.as_deref(),
    ] {
        update_text(&mut hash, text);
    }
    hash.finalize().into()
}

/// With its length before it, so that no two events read alike.
fn update_text(hash: &mut Sha256, text: Option<&str>) {
    let Some(text) = text else {
        hash.update([0]);
        return;
    };
    hash.update([1]);
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}
