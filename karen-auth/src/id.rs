//! Names of tenants, accounts, sessions and keys.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::{AuthError, AuthErrorKind};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// An id that nobody has: the prefix and a version 7 UUID, ordered by time.
            #[must_use]
            pub fn random() -> Self {
                Self(format!(concat!($prefix, "{}"), Uuid::now_v7().simple()).into())
            }

            /// Reads an id that came from outside.
            ///
            /// # Errors
            /// `Invalid` when `text` is not such an id.
            pub fn parse(text: &str) -> Result<Self, AuthError> {
                if text.strip_prefix($prefix).is_some_and(is_simple_uuid)
                    || Self::LITERAL == Some(text)
                {
                    return Ok(Self(text.into()));
                }
                let reason = concat!("it is not of the form ", $prefix, "<32 hex digits>");
                Err(AuthError::new(AuthErrorKind::Invalid, "read an id", reason))
            }

            /// The text of the id.
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
    };
}

id! {
    /// A tenant: people and data that others never see.
    TenantId, "ten_"
}
id! {
    /// An account: one person, or one program that acts for itself.
    AccountId, "usr_"
}
id! {
    /// A session: one device that has logged in.
    SessionId, "ses_"
}
id! {
    /// An API key.
    ApiKeyId, "key_"
}
id! {
    /// A passkey.
    PasskeyId, "pas_"
}
id! {
    /// A token that is good once, such as an invitation.
    OneTimeTokenId, "one_"
}

impl TenantId {
    const LITERAL: Option<&'static str> = Some("default");
}

/// The tenant that exists from the first open, `default`.
impl Default for TenantId {
    fn default() -> Self {
        Self("default".into())
    }
}

impl AccountId {
    const LITERAL: Option<&'static str> = Some("local");

    /// The only user of a program for one person. It has no row, no password and no session.
    #[must_use]
    pub fn local() -> Self {
        Self("local".into())
    }
}

impl SessionId {
    const LITERAL: Option<&'static str> = None;

    /// The UUID alone, as refresh tokens carry it.
    pub(crate) fn to_bytes(&self) -> [u8; 16] {
        Uuid::try_parse(&self.0["ses_".len()..])
            .expect("a session id ends in a UUID")
            .into_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("ses_{}", Uuid::from_bytes(bytes).simple()).into())
    }
}

impl ApiKeyId {
    const LITERAL: Option<&'static str> = None;
}

impl PasskeyId {
    const LITERAL: Option<&'static str> = None;
}

impl OneTimeTokenId {
    const LITERAL: Option<&'static str> = None;
}

fn is_simple_uuid(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_wrote() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(id.as_str()).expect("own text"), id);
        assert_eq!(SessionId::from_bytes(id.to_bytes()), id);
        assert_eq!(
            TenantId::parse("default").expect("literal"),
            TenantId::default()
        );
        assert_eq!(
            AccountId::parse("local").expect("literal"),
            AccountId::local()
        );
    }

    #[test]
    fn foreign_text_is_no_id() {
        let uuid = Uuid::now_v7().simple().to_string();
        for text in [
            "",
            "usr_",
            "local",
            "ses_../../etc/passwd",
            &format!("usr_{uuid}"),
            &format!("ses_{}", uuid.to_uppercase().replace('0', "A")),
            &format!("ses_{uuid}0"),
        ] {
            let refused = SessionId::parse(text).expect_err(text);
            assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{text}");
        }
    }
}
