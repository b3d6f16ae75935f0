//! What instances share through Redis or Redis Cluster: limits, and the bell.

mod bell;
mod connection;
mod limiter;

use std::fmt;

pub use bell::RedisBell;
pub use limiter::RedisRateLimiter;

/// Which Redis.
#[derive(Clone)]
pub struct RedisConfig {
    /// Begins every key and channel.
    pub namespace: String,
    /// `redis://user:password@host:port` of a server, or of several nodes of one cluster.
    pub nodes: Vec<String>,
}

/// Addresses may carry passwords.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("namespace", &self.namespace)
            .field("nodes", &self.nodes.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
