//! Rate limits: who may try how often.

mod in_process;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

pub use in_process::InProcessRateLimiter;

use crate::AuthError;

/// What is counted: a hash of its class and subject, so that no email is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateKey([u8; 32]);

impl RateKey {
    /// The key of `subject` within `class`, such as an address within `login.address`.
    #[must_use]
    pub fn new(class: &str, subject: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(class);
        hash.update([0]);
        hash.update(subject);
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateKey(***)")
    }
}

/// How often: `burst` at once, and one more after each `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many at once, at least 1.
    pub burst: u32,
    /// After which time one more is granted.
    pub period: Duration,
}

/// The answer to one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Grant {
    /// Go on.
    Granted {
        /// How many more would be granted at this moment.
        left: u32,
        /// After this time without another try, the whole burst is free again.
        full_in: Duration,
    },
    /// Not before this time has passed.
    Denied {
        /// After it, one try is granted if no other came in between.
        retry_after: Duration,
    },
}

impl Grant {
    /// Whether to go on.
    #[must_use]
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Granted { .. })
    }
}

/// What a granted try leaves, after which the whole burst is free again in `full_in`.
pub(crate) fn granted_after(full_in: Duration, quota: &Quota) -> Grant {
    let used = full_in
        .as_millis()
        .div_ceil(quota.period.as_millis().max(1));
    let used = u32::try_from(used).unwrap_or(u32::MAX);
    Grant::Granted {
        left: quota.burst.saturating_sub(used),
        full_in,
    }
}

/// Counts tries by the generic cell rate algorithm (ITU-T I.371, GCRA).
///
/// What an implementation owes its callers, and `testing::rate_limiter` checks: exactly `burst`
/// tries at once are granted, however many call at the same time; then one each `period`; a denied
/// try counts for nothing; a grant says how many are left, and when all are; keys do not know each other; `reset` forgets a key.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one try.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be counted; the caller then refuses.
    async fn take(&self, key: &RateKey, quota: &Quota) -> Result<Grant, AuthError>;

    /// Forgets what was counted for `key`.
    async fn reset(&self, key: &RateKey) -> Result<(), AuthError>;
}
