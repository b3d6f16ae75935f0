//! Passkeys: keys on people's devices that sign them in, after Web Authentication Level 2 and 3.

mod authenticator_data;
mod ceremony;
mod client_data;
mod public_key;
mod refusal;
mod relying_party;
mod sql;
mod verify;

use std::fmt;

use async_trait::async_trait;

pub use ceremony::{
    PasskeyAssertion, PasskeyAttestation, PasskeyCreation, PasskeyHandle, PasskeyRequest,
    UserVerification,
};
pub(crate) use client_data::{Ceremony, ClientData};
pub(crate) use public_key::ALGORITHMS;
pub(crate) use relying_party::RelyingParty;
pub use sql::SqlPasskeyStore;
pub(crate) use verify::{NewCredential, new_credential, shown};

use crate::{AccountId, AuthError, PasskeyId};

/// A passkey as its store keeps it. Nothing of it is a secret: that is on its owner's device.
#[derive(Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The id.
    pub id: PasskeyId,
    /// Whom it signs in.
    pub account: AccountId,
    /// What the device knows it by, 1 to 1,023 bytes.
    pub credential: Vec<u8>,
    /// The public key, a `COSE_Key` (RFC 9052).
    pub public_key: Vec<u8>,
    /// How often it had signed at its last use; 0 from devices that do not count.
    pub counter: u32,
    /// What its owner calls it.
    pub name: String,
    /// How browsers reach it, such as `internal` or `usb`.
    pub transports: Vec<String>,
    /// Whether its device may copy it to others.
    pub backup_eligible: bool,
    /// Whether it had been copied at its last use.
    pub backed_up: bool,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub used_at_ms: Option<i64>,
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey")
            .field("id", &self.id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// What a passkey said of itself as it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// How often it has signed; 0 from devices that do not count.
    pub counter: u32,
    /// Whether it has been copied.
    pub backed_up: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// Keeps passkeys. They belong to an account, from whichever of its tenants it is seen.
///
/// What an implementation owes its callers, and `testing::passkey_store` checks: durable answers that
/// every later call sees; a credential belongs to one account, also when many insert it at the same
/// time; a counter never goes back, and each value of it is used once, also when many use it at the
/// same time, unless the device does not count; a verb with an account touches passkeys of that
/// account only.
#[async_trait]
pub trait PasskeyStore: Send + Sync {
    /// Keeps a passkey; `false` when its credential is known, whose ever it is.
    async fn insert(&self, passkey: &Passkey) -> Result<bool, AuthError>;

    /// The passkey with this credential. Without an account, because a login has none yet.
    async fn find(&self, credential: &[u8]) -> Result<Option<Passkey>, AuthError>;

    /// The passkeys of an account, the oldest first.
    async fn list(&self, account: &AccountId) -> Result<Vec<Passkey>, AuthError>;

    /// Renames a passkey; `false` when it is absent.
    async fn rename(
        &self,
        account: &AccountId,
        id: &PasskeyId,
        name: &str,
    ) -> Result<bool, AuthError>;

    /// Notes a use; `false` when its counter is not above the one that is kept, and not both are 0.
    async fn note_use(&self, id: &PasskeyId, used: PasskeyUse) -> Result<bool, AuthError>;

    /// Deletes a passkey; `false` when it is absent.
    async fn delete(&self, account: &AccountId, id: &PasskeyId) -> Result<bool, AuthError>;

    /// Deletes every passkey of the account; answers how many.
    async fn delete_all(&self, account: &AccountId) -> Result<u64, AuthError>;
}
