//! Passwords that breaches elsewhere gave away, asked for by the beginning of their hash alone.
//!
//! Of the forty digits of a SHA-1 the list learns five, which thousands of passwords have in common
//! (k-anonymity, as Have I Been Pwned offers it); the rest is compared here.

#[cfg(feature = "breaches")]
mod http;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

#[cfg(feature = "breaches")]
pub use http::HttpBreachList;

use super::Password;
use crate::{AuthError, AuthErrorKind};

/// Hexadecimal digits that the list learns.
const PREFIX_DIGITS: usize = 5;

/// A list of breached passwords that is asked for a range of hashes.
#[async_trait]
pub trait BreachList: Send + Sync {
    /// The rest of each hash that begins with `prefix`, five upper-case hexadecimal digits of a
    /// SHA-1: a line `REST:TIMES` each, in any order. Lines with 0 times only make all answers look
    /// alike.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn range(&self, prefix: &str) -> Result<String, AuthError>;
}

/// Whom new passwords are asked for.
#[derive(Clone)]
pub struct Breaches {
    /// The list.
    pub list: Arc<dyn BreachList>,
    /// Whether a password is refused while the list does not answer; otherwise the common ones are,
    /// as always, and no others.
    pub required: bool,
}

impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { required, .. } = self;
        f.debug_struct("Breaches")
            .field("required", required)
            .finish_non_exhaustive()
    }
}

impl Breaches {
    /// Passes a password that is not on the list.
    ///
    /// # Errors
    /// `Invalid` for one that is; `Unavailable` when the list is required and does not answer.
    pub(crate) async fn check(&self, password: &Password) -> Result<(), AuthError> {
        let hash = upper_hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref());
        let (prefix, rest) = hash.split_at(PREFIX_DIGITS);
        match self.list.range(prefix).await {
            Ok(range) if is_listed(&range, rest) => {
                let reason = "it was in a breach elsewhere, and is tried by others: choose another";
                let operation = "use this password";
                Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
            }
            Err(error) if self.required => Err(error),
            _ => Ok(()),
        }
    }
}

fn is_listed(range: &str, rest: &str) -> bool {
    let mut lines = range.lines().filter_map(|line| line.trim().split_once(':'));
    lines.any(|(hash, times)| hash.eq_ignore_ascii_case(rest) && times.parse() != Ok(0_u64))
}

fn upper_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the same answer to every range.
    struct Says(Result<&'static str, AuthErrorKind>);

    #[async_trait]
    impl BreachList for Says {
        async fn range(&self, prefix: &str) -> Result<String, AuthError> {
            // SHA-1 of `password`: 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
            assert_eq!(prefix, "5BAA6", "and nothing else of it");
            let refuse = |kind| AuthError::new(kind, "ask the list", "a test");
            self.0.map(str::to_owned).map_err(refuse)
        }
    }

    async fn check(
        says: Result<&'static str, AuthErrorKind>,
        required: bool,
    ) -> Option<AuthErrorKind> {
        let list = Arc::new(Says(says));
        let password = Password::of("password").expect("short");
        let checked = Breaches { list, required }.check(&password).await;
        checked.err().map(|error| error.kind())
    }

    #[tokio::test]
    async fn what_is_in_the_range_is_breached_and_padding_is_not() {
        let breached = Some(AuthErrorKind::Invalid);
        for (range, expected) in [
            ("1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n", breached),
            ("00000:1\r\n1e4c9b93f3f0682250b6cf8331b7ee68fd8:2", breached),
            ("1E4C9B93F3F0682250B6CF8331B7EE68FD8:0", None),
            ("1E4C9B93F3F0682250B6CF8331B7EE68FD9:7", None),
            ("", None),
            ("not what was asked for", None),
        ] {
            assert_eq!(check(Ok(range), true).await, expected, "{range:?}");
        }
    }

    #[tokio::test]
    async fn a_list_that_is_silent_refuses_only_where_it_is_required() {
        let silent = Err(AuthErrorKind::Unavailable);
        assert_eq!(check(silent, false).await, None);
        assert_eq!(check(silent, true).await, silent.err());
    }
}
