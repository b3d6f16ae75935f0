//! How providers are reached.

use std::time::Duration;

/// How providers are reached. The defaults are those of OpenAI's own clients, but for `silence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfig {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long a provider may say nothing, before its answer and within it.
    pub silence: Duration,
    /// How often a request is tried again after a failure that may pass.
    pub retries: u32,
    /// How long the first retry waits where the provider names no time; each further one twice as
    /// long, up to 16 times.
    pub first_wait: Duration,
    /// A proxy for all providers, such as `http://proxy:3128`. The environment is not asked for one.
    pub proxy: Option<String>,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(120),
            retries: 2,
            first_wait: Duration::from_millis(500),
            proxy: None,
        }
    }
}
