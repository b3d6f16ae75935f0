//! Names of tenants, users, sessions and records.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

use crate::{MemoryError, MemoryErrorKind};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name that the caller vouches for.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// The text of the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(Self::new)
            }
        }
    };
}

name! {
    /// A tenant: people and data that others never see.
    TenantId
}
name! {
    /// A user within a tenant.
    UserId
}
name! {
    /// A session: turns that belong together, such as a conversation.
    SessionId
}
name! {
    /// An agent: an assistant or program that writes records, where several share a memory.
    AgentId
}

/// A record's id: `mem_` and a UUID, of version 7 unless a key gave it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; Self::BYTES]);

impl RecordId {
    const PREFIX: &'static str = "mem_";
    const BYTES: usize = Self::PREFIX.len() + 32;

    /// An id that no record has; later ones of this process sort after it.
    #[must_use]
    pub fn fresh() -> Self {
        Self::of_uuid(Uuid::now_v7())
    }

    /// The id of what a user's program wrote with an idempotency key.
    pub(crate) fn of_key(tenant: &TenantId, user: &UserId, key: &str) -> Self {
        // Each part after its length, so that no two lists of parts read alike.
        let parts = [tenant.as_str(), user.as_str(), key];
        let name: String = parts.map(|part| format!("{}:{part}", part.len())).concat();
        Self::of_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
    }

    /// Reads an id that came from outside.
    ///
    /// # Errors
    /// `Invalid` unless it is `mem_` and 32 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        let is_one = text.strip_prefix(Self::PREFIX).is_some_and(is_simple_uuid);
        let bytes = text.as_bytes().try_into().ok().filter(|_| is_one);
        bytes.map(Self).ok_or_else(|| {
            let subject = "a record id (mem_ and 32 hex digits are expected)";
            MemoryError::new(MemoryErrorKind::Invalid, "read", subject)
        })
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a prefix and hex digits")
    }

    /// The UUID alone.
    pub(crate) fn to_bytes(&self) -> [u8; 16] {
        let digits = &self.0[Self::PREFIX.len()..];
        let uuid = Uuid::try_parse_ascii(digits).expect("every id ends in a UUID");
        uuid.into_bytes()
    }

    /// The id that [`to_bytes`](Self::to_bytes) took apart.
    pub(crate) fn of_bytes(bytes: [u8; 16]) -> Self {
        Self::of_uuid(Uuid::from_bytes(bytes))
    }

    fn of_uuid(uuid: Uuid) -> Self {
        let mut text = [0; Self::BYTES];
        let (prefix, digits) = text.split_at_mut(Self::PREFIX.len());
        prefix.copy_from_slice(Self::PREFIX.as_bytes());
        uuid.simple().encode_lower(digits);
        Self(text)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RecordId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

fn is_simple_uuid(digits: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    digits.len() == 32 && digits.bytes().all(is_digit)
}
