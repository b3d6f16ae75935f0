//! Email addresses in the one form that is compared.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::{AuthError, AuthErrorKind};

/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const BYTES_MAX: usize = 254;

/// An email address, normalised (NFKC, lower case), so that one person has one account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address; blanks around it do not count.
    ///
    /// # Errors
    /// `Invalid` when it is not `name@domain` of at most 254 bytes.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let address: String = text.trim().nfkc().collect::<String>().to_lowercase();
        if is_address(&address) {
            return Ok(Self(address));
        }
        let reason = "it does not look like name@example.com";
        Err(AuthError::new(
            AuthErrorKind::Invalid,
            "read the email",
            reason,
        ))
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the last `@`.
    pub(crate) fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }
}

/// The domain only: who it is does not belong in a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(f, "Email(***@{domain})")
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
    text.len() <= BYTES_MAX
        && !local.is_empty()
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.split('.').any(str::is_empty)
        && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_address() {
        let plain = Email::parse("ada@example.com").expect("plain");
        for same in [" Ada@Example.COM ", "ａｄａ@example.com"] {
            assert_eq!(Email::parse(same).expect(same), plain);
        }
        assert_eq!(plain.local_part(), "ada");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a da@example.com",
            "a@b@c",
            "a@b..c",
        ] {
            let refused = Email::parse(text).expect_err(text);
            assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{text}");
        }
        let long = format!("{}@example.com", "a".repeat(BYTES_MAX));
        Email::parse(&long).expect_err("too long");
        Email::parse("ada@example.com\r\nBcc: all@example.com").expect_err("a header");
    }
}
