//! What a tenant may use up.

use crate::{AuthError, AuthErrorKind};

/// What every store can hold, and JavaScript's numbers too.
const TOKENS_MAX: u64 = 1_000_000_000_000_000;

/// What a tenant may use up; 0 means no limit.
///
/// This crate counts the users. Tokens are for the program to count, which knows what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// Members, disabled ones too.
    pub users: u32,
    /// Tokens of all members together in any 24 hours, 10^15 at most.
    pub tokens_per_day: u64,
    /// Tokens of all members together in any 30 days, 10^15 at most.
    pub tokens_per_month: u64,
}

impl TenantLimits {
    pub(crate) fn checked(self) -> Result<Self, AuthError> {
        if self.tokens_per_day.max(self.tokens_per_month) <= TOKENS_MAX {
            return Ok(self);
        }
        let reason = "tokens are limited to 1,000,000,000,000,000 at most; 0 means no limit";
        let operation = "limit the tenant";
        Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
    }
}

/// The refusal of a member beyond `users_max`.
pub(crate) fn no_room(users_max: i64) -> AuthError {
    let reason = format!(
        "the tenant has the {users_max} users that it may have: remove one, or have the limit raised"
    );
    AuthError::new(AuthErrorKind::Quota, "add the user", reason)
}
