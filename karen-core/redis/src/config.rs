//! Which Redis.

use std::fmt;

/// Which Redis, and what of it.
#[derive(Clone)]
pub struct RedisConfig {
    /// Begins every key and channel.
    pub namespace: String,
    /// `redis://user:password@host:port` of a server, or of several nodes of one cluster.
    pub nodes: Vec<String>,
}

impl RedisConfig {
    /// What begins with `namespace`, on these nodes.
    #[must_use]
    pub fn new(namespace: impl Into<String>, nodes: Vec<String>) -> Self {
        Self {
            namespace: namespace.into(),
            nodes,
        }
    }
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
