//! What the browser says of a ceremony.

use serde::Deserialize;

use super::RelyingParty;
use super::refusal::Refusal;

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Create,
    Get,
}

/// The `CollectedClientData` (Web Authentication Level 2, section 5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    /// In base64url.
    pub(crate) challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    token_binding: Option<TokenBinding>,
}

#[derive(Deserialize)]
struct TokenBinding {
    status: String,
}

impl ClientData {
    /// Steps 5 to 7 of registration, 8 to 11 of a login. The challenge is the caller's to compare.
    pub(crate) fn read(json: &[u8], ceremony: Ceremony) -> Result<Self, Refusal> {
        let read: Self = serde_json::from_slice(json).map_err(|_| Refusal::ClientData)?;
        let wanted = match ceremony {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        };
        match read.kind == wanted {
            true => Ok(read),
            false => Err(Refusal::Ceremony),
        }
    }

    /// Steps 9 and 10 of registration, 13 and 14 of a login: the page that asked was this
    /// installation's, and in no other's frame.
    pub(super) fn require_origin(&self, party: &RelyingParty) -> Result<(), Refusal> {
        if self.origin != party.origin {
            return Err(Refusal::Origin);
        }
        if self.cross_origin {
            return Err(Refusal::CrossOrigin);
        }
        // No connection of ours has one.
        let bound = self.token_binding.as_ref();
        match bound.is_some_and(|binding| binding.status == "present") {
            true => Err(Refusal::TokenBinding),
            false => Ok(()),
        }
    }
}
