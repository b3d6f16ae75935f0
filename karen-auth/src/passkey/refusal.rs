//! Why a passkey is not believed.

/// The step of the specification that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the client data cannot be read")]
    ClientData,
    #[error("it was made for another ceremony")]
    Ceremony,
    #[error("it was made on another site")]
    Origin,
    #[error("it was made within another site")]
    CrossOrigin,
    #[error("it is bound to another connection")]
    TokenBinding,
    #[error("the attestation cannot be read")]
    Attestation,
    #[error("what the authenticator says cannot be read")]
    AuthenticatorData,
    #[error("it is for another relying party")]
    RelyingParty,
    #[error("nobody was there")]
    NotPresent,
    #[error("nobody was verified")]
    NotVerified,
    #[error("what it says of copies contradicts itself, or what it said before")]
    Backup,
    #[error("the key is of no algorithm that was offered, or nonsense")]
    Key,
    #[error("the signature is wrong")]
    Signature,
}
