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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(Arc<str>);

impl RecordId {
    const PREFIX: &'static str = "mem_";

    /// An id that no record has; later ones of this process sort after it.
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("{}{}", Self::PREFIX, Uuid::now_v7().simple()).into())
    }

    /// The id of what a user's program wrote with an idempotency key.
    pub(crate) fn of_key(tenant: &TenantId, user: &UserId, key: &str) -> Self {
        // Each part after its length, so that no two lists of parts read alike.
        let parts = [tenant.as_str(), user.as_str(), key];
        let name: String = parts.map(|part| format!("{}:{part}", part.len())).concat();
        let uuid = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        Self(format!("{}{}", Self::PREFIX, uuid.simple()).into())
    }

    /// Reads an id that came from outside.
    ///
    /// # Errors
    /// `Invalid` unless it is `mem_` and 32 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        match text.strip_prefix(Self::PREFIX) {
            Some(digits) if is_simple_uuid(digits) => Ok(Self(text.into())),
            _ => {
                let subject = "a record id (mem_ and 32 hex digits are expected)";
                Err(MemoryError::new(MemoryErrorKind::Invalid, "read", subject))
            }
        }
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The UUID alone.
    pub(crate) fn to_bytes(&self) -> [u8; 16] {
        let digits = &self.0[Self::PREFIX.len()..];
        let uuid = Uuid::try_parse(digits).expect("every id ends in a UUID");
        uuid.into_bytes()
    }

    /// The id that [`to_bytes`](Self::to_bytes) took apart.
    pub(crate) fn of_bytes(bytes: [u8; 16]) -> Self {
        let mut text = *b"mem_00000000000000000000000000000000";
        let digits = &mut text[Self::PREFIX.len()..];
        Uuid::from_bytes(bytes).simple().encode_lower(digits);
        Self(str::from_utf8(&text).expect("hex digits").into())
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RecordId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
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
