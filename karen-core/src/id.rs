//! Names of things that core keeps: a prefix that says what it is, then a time-ordered UUID.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Code, Error, Scope};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh id; ids made later in this process sort after it.
            #[must_use]
            pub fn fresh() -> Self {
                Self(format!(concat!($prefix, "_{}"), Uuid::now_v7().simple()))
            }

            /// Reads an id that was printed before.
            ///
            /// # Errors
            /// `INVALID_ARGUMENT` unless it is the prefix, an underscore and 32 hex digits.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let digits = text.strip_prefix(concat!($prefix, "_"));
                if digits.is_some_and(is_simple_uuid) {
                    return Ok(Self(text.to_owned()));
                }
                let message = concat!("an id of the form ", $prefix, "_ and 32 hex digits is expected");
                Err(Error::new(Code::InvalidArgument, message))
            }

            /// The id as printed.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// For rows that this crate wrote itself.
            pub(crate) fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A conversation.
    ConversationId,
    "conv"
);
id!(
    /// A message of a conversation; also the source of the memory made from it.
    MessageId,
    "msg"
);
id!(
    /// One turn: a user's message and everything that answering it did.
    TurnId,
    "turn"
);

id!(
    /// The erasure of everything that is kept of a person or a tenant.
    ErasureId,
    "era"
);

/// What is imported gets the same id each time, so that importing it again is noticed.
impl ConversationId {
    pub(crate) fn of_import(scope: &Scope, key: &str) -> Self {
        Self(format!(
            "conv_{}",
            derived(&[scope.tenant(), scope.user(), key])
        ))
    }
}

/// What is said again with the same key is the same turn.
impl TurnId {
    pub(crate) fn of_key(scope: &Scope, key: &str) -> Self {
        Self(format!(
            "turn_{}",
            derived(&[scope.tenant(), scope.user(), key])
        ))
    }
}

impl MessageId {
    pub(crate) fn of_import(conversation: &ConversationId, index: usize) -> Self {
        Self(format!(
            "msg_{}",
            derived(&[conversation.as_str(), &index.to_string()])
        ))
    }
}

/// A UUIDv5 of the parts, each preceded by its length so that no two lists read alike.
fn derived(parts: &[&str]) -> String {
    let name: String = parts
        .iter()
        .map(|part| format!("{}:{part}", part.len()))
        .collect();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
        .simple()
        .to_string()
}

fn is_simple_uuid(digits: &str) -> bool {
    digits.len() == 32
        && digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
