//! What instances share through Redis or Redis Cluster: limits, and the bell.

mod bell;
mod limiter;

use ::redis::RedisError;
pub use karen_redis::RedisConfig;

pub use bell::RedisBell;
pub use limiter::RedisRateLimiter;

use crate::{AuthError, AuthErrorKind};

fn wrong(error: RedisError) -> AuthError {
    let reason = "the address is none such as redis://host:port";
    AuthError::new(AuthErrorKind::Invalid, "use Redis", reason).caused_by(error)
}

fn silent(error: RedisError) -> AuthError {
    let reason = "it does not answer: try again";
    AuthError::new(AuthErrorKind::Unavailable, "use Redis", reason).caused_by(error)
}

#[cfg(test)]
mod tests;
