//! The keys that access tokens are signed with: which there are, and what others may see of them.

mod algorithm;
mod jwk;
mod key;
mod keys;
mod ring;
mod sql;
mod store;
mod verifying;

pub use algorithm::SigningAlgorithm;
pub use jwk::{Jwk, JwkSet};
pub use key::{PrivateKeyPem, SigningKey};
pub use keys::Signing;
pub(crate) use keys::{KeySource, SigningKeys};
pub(crate) use ring::{KeyRing, RingKey};
pub use sql::SqlSigningKeyStore;
pub use store::{SealedSigningKey, SigningKeyStore};
pub(crate) use verifying::VerifyingKey;
