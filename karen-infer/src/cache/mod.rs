//! Answers that were given before.

mod in_process;
mod key;
#[cfg(feature = "redis")]
mod redis;
mod replay;
mod semantic;
#[cfg(feature = "redis")]
mod stored;

use std::fmt;

use async_trait::async_trait;

pub use self::in_process::InProcessCache;
pub(crate) use self::key::{is_repeatable, key, scope};
#[cfg(feature = "redis")]
pub use self::redis::{RedisCache, RedisCacheConfig, RedisConfig};
pub(crate) use self::replay::{Keeping, keep, replay};
pub use self::semantic::SemanticConfig;
pub(crate) use self::semantic::{Looked, Questions};
use crate::{GenerateEvent, ModelError};

/// Keeps whole answers under exact keys.
///
/// What an implementation owes its callers, and [`testing::response_cache`] checks:
/// - what was put under a key is given back as it was, or not at all; under another key never;
/// - putting again replaces;
/// - after [`clear`](ResponseCache::clear) there is nothing.
///
/// [`testing::response_cache`]: crate::testing::response_cache
#[async_trait]
pub trait ResponseCache: Send + Sync {
    /// The answer under a key.
    ///
    /// # Errors
    /// `Unavailable`; the model is then asked.
    async fn get(&self, key: &CacheKey) -> Result<Option<CachedAnswer>, ModelError>;

    /// Keeps an answer, for as long as there is room and time.
    ///
    /// # Errors
    /// `Unavailable`; the answer is then given and not kept.
    async fn put(&self, key: &CacheKey, answer: CachedAnswer) -> Result<(), ModelError>;

    /// Forgets all answers.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn clear(&self) -> Result<(), ModelError>;
}

/// The SHA-256 of everything that an answer depends on, and of the tenant that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CacheKey([u8; 32]);

/// The events of a whole answer, as they came.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedAnswer {
    /// In their order, [`Usage`](GenerateEvent::Usage) and [`Done`](GenerateEvent::Done) included.
    pub events: Vec<GenerateEvent>,
}

impl CacheKey {
    /// A key of one's own, for tests of a cache.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl CachedAnswer {
    /// Bytes that it takes in memory, about.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let texts = self.events.iter().map(|event| match event {
            GenerateEvent::TextDelta(text) | GenerateEvent::ReasoningDelta(text) => text.len(),
            GenerateEvent::ToolCall(call) => call.name.len() + call.arguments.to_string().len(),
            _ => 0,
        });
        texts.sum::<usize>() + self.events.len() * size_of::<GenerateEvent>()
    }
}
