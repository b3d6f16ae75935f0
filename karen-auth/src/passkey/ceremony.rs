//! What goes to the browser, and what comes back from it.

use std::fmt;

/// Whether a device has to see that its owner is there, or who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserVerification {
    /// By a finger, a face or a PIN: the passkey is all that is asked for.
    Required,
    /// If the device can; a touch will do.
    Preferred,
}

impl UserVerification {
    /// The name in Web Authentication.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
        }
    }
}

/// A passkey as browsers find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyHandle {
    /// What the device knows it by.
    pub credential: Vec<u8>,
    /// How browsers reach it, such as `internal` or `usb`.
    pub transports: Vec<String>,
}

/// What a browser needs to make a passkey: the fields of
/// [`PublicKeyCredentialCreationOptions`](https://www.w3.org/TR/webauthn-2/#dictdef-publickeycredentialcreationoptions).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasskeyCreation {
    /// 32 random bytes in base64url, good once and for five minutes.
    pub challenge: String,
    /// The name of the host.
    pub relying_party_id: String,
    /// What people know the installation by.
    pub relying_party_name: String,
    /// What the device keeps the account by.
    pub user_handle: Vec<u8>,
    /// The account's email.
    pub user_name: String,
    /// The account's name.
    pub user_display_name: String,
    /// The algorithms of COSE that will do, the best first.
    pub algorithms: Vec<i64>,
    /// Those that the account has: no device makes a second.
    pub exclude: Vec<PasskeyHandle>,
}

/// What a browser needs to use a passkey: the fields of
/// [`PublicKeyCredentialRequestOptions`](https://www.w3.org/TR/webauthn-2/#dictdef-publickeycredentialrequestoptions).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasskeyRequest {
    /// In base64url, good once and for five minutes.
    pub challenge: String,
    /// The name of the host.
    pub relying_party_id: String,
    /// Those that will do; any that the device has, where there are none.
    pub allow: Vec<PasskeyHandle>,
    /// What the device has to see.
    pub verification: UserVerification,
}

/// What a browser gives for a passkey that it made: the parts of an `AuthenticatorAttestationResponse`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyAttestation {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `attestationObject`.
    pub attestation_object: Vec<u8>,
    /// What `getTransports()` says; may be empty.
    pub transports: Vec<String>,
}

/// What a browser gives for a passkey that was used: the parts of an `AuthenticatorAssertionResponse`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyAssertion {
    /// The credential's `rawId`.
    pub credential: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    pub signature: Vec<u8>,
    /// `userHandle`, which a device may leave out unless it chose the account.
    pub user_handle: Option<Vec<u8>>,
}

impl fmt::Debug for PasskeyAttestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyAttestation(***)")
    }
}

impl fmt::Debug for PasskeyAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyAssertion(***)")
    }
}
