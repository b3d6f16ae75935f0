//! The checks that a relying party owes, in the order of Web Authentication Level 2, sections 7.1
//! and 7.2. The challenge and the counter are checked where they are kept.

use ciborium::Value;
use sha2::{Digest, Sha256};

use super::authenticator_data::{AuthenticatorData, cbor};
use super::public_key::PublicKey;
use super::refusal::Refusal;
use super::{
    ClientData, Passkey, PasskeyAssertion, PasskeyAttestation, RelyingParty, UserVerification,
};

/// A credential that an authenticator has made.
pub(crate) struct NewCredential {
    pub(crate) credential: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) counter: u32,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

/// What an authenticator has shown.
pub(crate) struct Shown {
    pub(crate) counter: u32,
    pub(crate) backed_up: bool,
}

/// Steps 9 to 21 of registration (section 7.1).
///
/// Statements of attestation are not asked for, and ignored where they come: whatever the device is,
/// it signs with this key.
pub(crate) fn new_credential(
    party: &RelyingParty,
    client: &ClientData,
    answer: &PasskeyAttestation,
    verification: UserVerification,
) -> Result<NewCredential, Refusal> {
    client.require_origin(party)?;
    let data = auth_data(&answer.attestation_object).ok_or(Refusal::Attestation)?;
    let data = AuthenticatorData::read(&data).ok_or(Refusal::AuthenticatorData)?;
    data.require(party, verification)?;
    let (counter, backup_eligible) = (data.counter, data.backup_eligible());
    let backed_up = data.backed_up();
    let attested = data.attested.ok_or(Refusal::AuthenticatorData)?;
    PublicKey::read(&attested.public_key).ok_or(Refusal::Key)?;
    Ok(NewCredential {
        credential: attested.credential,
        public_key: attested.public_key,
        counter,
        backup_eligible,
        backed_up,
    })
}

/// Steps 13 to 20 of a login (section 7.2).
pub(crate) fn shown(
    party: &RelyingParty,
    client: &ClientData,
    answer: &PasskeyAssertion,
    passkey: &Passkey,
    verification: UserVerification,
) -> Result<Shown, Refusal> {
    client.require_origin(party)?;
    let bytes = &answer.authenticator_data;
    let data = AuthenticatorData::read(bytes).ok_or(Refusal::AuthenticatorData)?;
    data.require(party, verification)?;
    if data.backup_eligible() != passkey.backup_eligible {
        return Err(Refusal::Backup);
    }
    let key = PublicKey::read(&passkey.public_key).ok_or(Refusal::Key)?;
    let signed = [bytes.as_slice(), &Sha256::digest(&answer.client_data)[..]].concat();
    match key.is_signed(&signed, &answer.signature) {
        true => Ok(Shown {
            counter: data.counter,
            backed_up: data.backed_up(),
        }),
        false => Err(Refusal::Signature),
    }
}

/// The authenticator data in an attestation object, which has a format and a statement as well.
fn auth_data(object: &[u8]) -> Option<Vec<u8>> {
    let mut rest = object;
    let fields = cbor(&mut rest)?.into_map().ok()?;
    let field = |name: &str| {
        let mut named = fields.iter().filter(|(key, _)| key.as_text() == Some(name));
        named.next().map(|(_, value)| value)
    };
    field("fmt").and_then(Value::as_text)?;
    field("attStmt").and_then(Value::as_map)?;
    let data = field("authData").and_then(Value::as_bytes)?;
    rest.is_empty().then(|| data.clone())
}

#[cfg(test)]
mod tests;
