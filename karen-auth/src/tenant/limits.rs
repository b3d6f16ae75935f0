//! What a tenant may use up, and an API key.

use crate::{AuthError, AuthErrorKind};

/// What every store can hold, and JavaScript's numbers too.
const COUNT_MAX: u64 = 1_000_000_000_000_000;

/// What a tenant may use up; 0 means no limit.
///
/// This crate counts the users. Tokens, money, requests and bytes are for the program to count, which
/// knows what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// Members, disabled ones too.
    pub users: u32,
    /// What all members use together.
    pub uses: UseLimits,
    /// Requests of all members together in any minute.
    pub requests_per_minute: u32,
    /// Mebibytes of what all members have said, been answered and noted together.
    pub storage_mib: u32,
}

/// What may be used up over a time; 0 means no limit, and each is 10^15 at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UseLimits {
    /// Tokens in any 24 hours.
    pub tokens_per_day: u64,
    /// Tokens in any 30 days.
    pub tokens_per_month: u64,
    /// Money in any 24 hours, in millionths of the unit that prices are in.
    pub cost_micros_per_day: u64,
    /// Money in any 30 days, likewise.
    pub cost_micros_per_month: u64,
}

impl UseLimits {
    pub(crate) fn checked(self, operation: &'static str) -> Result<Self, AuthError> {
        let all = [
            self.tokens_per_day,
            self.tokens_per_month,
            self.cost_micros_per_day,
            self.cost_micros_per_month,
        ];
        if all.iter().all(|&count| count <= COUNT_MAX) {
            return Ok(self);
        }
        let reason = "a limit is 1,000,000,000,000,000 at most; 0 means none";
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
