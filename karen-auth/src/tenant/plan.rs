//! Plans: limits that many tenants have in common, by a name.

use std::fmt;

use crate::{AuthError, AuthErrorKind};

const NAME_CHARS_MAX: usize = 40;

/// The name of a plan: lower-case letters, digits and hyphens, 1 to 40 of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanName(String);

impl PlanName {
    /// Reads a name.
    ///
    /// # Errors
    /// `Invalid` for other characters.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let reason = "it has 1 to 40 lower-case letters, digits and hyphens";
        let operation = "name the plan";
        Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
