//! What the authenticator says of a ceremony (Web Authentication Level 2, section 6.1).

use std::io::Read;

use ciborium::Value;
use sha2::{Digest, Sha256};

use super::refusal::Refusal;
use super::{RelyingParty, UserVerification};

const PRESENT: u8 = 1 << 0;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;
/// Section 4, Credential ID.
const CREDENTIAL_BYTES_MAX: u16 = 1023;
/// No key and no extension that was asked for is nested any deeper.
const CBOR_DEPTH_MAX: usize = 8;

pub(super) struct AuthenticatorData {
    party: [u8; 32],
    flags: u8,
    pub(super) counter: u32,
    pub(super) attested: Option<Attested>,
}

/// A credential that was made.
pub(super) struct Attested {
    pub(super) credential: Vec<u8>,
    /// A `COSE_Key`, as it came.
    pub(super) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// `None` for anything but the layout of the specification, to its last byte.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let rest = &mut bytes;
        let party = take::<32>(rest)?;
        let [flags] = take::<1>(rest)?;
        let counter = u32::from_be_bytes(take(rest)?);
        let attested = match flags & ATTESTED {
            0 => None,
            _ => Some(Attested::read(rest)?),
        };
        if flags & EXTENDED != 0 {
            take_map(rest)?;
        }
        rest.is_empty().then_some(Self {
            party,
            flags,
            counter,
            attested,
        })
    }

    pub(super) fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(super) fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }

    /// Steps 13 to 15 of registration, 15 to 17 of a login, and of Level 3 that only what may be
    /// copied has been.
    pub(super) fn require(
        &self,
        party: &RelyingParty,
        verification: UserVerification,
    ) -> Result<(), Refusal> {
        if self.party[..] != Sha256::digest(&party.id)[..] {
            return Err(Refusal::RelyingParty);
        }
        if self.flags & PRESENT == 0 {
            return Err(Refusal::NotPresent);
        }
        if verification == UserVerification::Required && self.flags & VERIFIED == 0 {
            return Err(Refusal::NotVerified);
        }
        match self.backed_up() && !self.backup_eligible() {
            true => Err(Refusal::Backup),
            false => Ok(()),
        }
    }
}

impl Attested {
    fn read(rest: &mut &[u8]) -> Option<Self> {
        // The model of the device, which nobody asks for.
        take::<16>(rest)?;
        let length = u16::from_be_bytes(take(rest)?);
        if length == 0 || length > CREDENTIAL_BYTES_MAX {
            return None;
        }
        let (credential, after) = rest.split_at_checked(usize::from(length))?;
        *rest = after;
        take_map(rest)?;
        Some(Self {
            credential: credential.to_vec(),
            public_key: after[..after.len() - rest.len()].to_vec(),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn take_map(rest: &mut &[u8]) -> Option<Vec<(Value, Value)>> {
    cbor(rest)?.into_map().ok()
}

/// Reads one value and no further.
pub(super) fn cbor(reader: impl Read) -> Option<Value> {
    ciborium::de::from_reader_with_recursion_limit(reader, CBOR_DEPTH_MAX).ok()
}
