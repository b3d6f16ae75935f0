//! The cache of one process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{CacheKey, CachedAnswer, ResponseCache};
use crate::ModelError;

/// What a place takes beside the answer, about.
const PLACE_BYTES: usize = 200;

/// Answers in memory; the one not used for longest makes room.
pub struct InProcessCache {
    bytes_max: usize,
    lifetime: Duration,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    by_key: HashMap<CacheKey, Place>,
    /// Keys by the time of their last use, counted in uses.
    by_use: BTreeMap<u64, CacheKey>,
    uses: u64,
    bytes: usize,
}

struct Place {
    answer: CachedAnswer,
    bytes: usize,
    kept_at: Instant,
    last_use: u64,
}

impl InProcessCache {
    /// Holds about `bytes_max` bytes of answers, each for `lifetime`.
    #[must_use]
    pub fn new(bytes_max: usize, lifetime: Duration) -> Self {
        Self {
            bytes_max,
            lifetime,
            places: Mutex::default(),
        }
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ResponseCache for InProcessCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<CachedAnswer>, ModelError> {
        let mut places = self.lock();
        let Some(place) = places.by_key.get(key) else {
            return Ok(None);
        };
        if place.kept_at.elapsed() > self.lifetime {
            places.remove(key);
            return Ok(None);
        }
        Ok(places.touch(key))
    }

    async fn put(&self, key: &CacheKey, answer: CachedAnswer) -> Result<(), ModelError> {
        let bytes = answer.size_bytes() + PLACE_BYTES;
        let mut places = self.lock();
        places.remove(key);
        if bytes > self.bytes_max {
            return Ok(());
        }
        places.add(*key, answer, bytes);
        places.shrink(self.bytes_max);
        Ok(())
    }

    async fn clear(&self) -> Result<(), ModelError> {
        *self.lock() = Places::default();
        Ok(())
    }
}

impl Places {
    fn add(&mut self, key: CacheKey, answer: CachedAnswer, bytes: usize) {
        self.uses += 1;
        self.by_use.insert(self.uses, key);
        self.bytes += bytes;
        let place = Place {
            answer,
            bytes,
            kept_at: Instant::now(),
            last_use: self.uses,
        };
        self.by_key.insert(key, place);
    }

    /// The answer under a key, which is from here on the one used last.
    fn touch(&mut self, key: &CacheKey) -> Option<CachedAnswer> {
        let place = self.by_key.get_mut(key)?;
        self.uses += 1;
        self.by_use.remove(&place.last_use);
        self.by_use.insert(self.uses, *key);
        place.last_use = self.uses;
        Some(place.answer.clone())
    }

    fn remove(&mut self, key: &CacheKey) {
        if let Some(place) = self.by_key.remove(key) {
            self.by_use.remove(&place.last_use);
            self.bytes -= place.bytes;
        }
    }

    fn shrink(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max
            && let Some((_, key)) = self.by_use.pop_first()
        {
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GenerateEvent;

    fn key(byte: u8) -> CacheKey {
        CacheKey::new([byte; 32])
    }

    fn answer(text: &str) -> CachedAnswer {
        CachedAnswer {
            events: vec![GenerateEvent::TextDelta(text.to_owned())],
        }
    }

    async fn holds(cache: &InProcessCache, byte: u8) -> bool {
        cache.get(&key(byte)).await.expect("in memory").is_some()
    }

    #[tokio::test]
    async fn the_answer_not_used_for_longest_makes_room() {
        let size = answer("x").size_bytes() + PLACE_BYTES;
        let cache = InProcessCache::new(2 * size, Duration::MAX);
        cache.put(&key(1), answer("x")).await.expect("kept");
        cache.put(&key(2), answer("x")).await.expect("kept");
        assert!(holds(&cache, 1).await);
        cache.put(&key(3), answer("x")).await.expect("kept");
        assert!(holds(&cache, 1).await && holds(&cache, 3).await && !holds(&cache, 2).await);
        cache
            .put(&key(4), answer(&"x".repeat(9 * size)))
            .await
            .expect("refused in silence");
        assert!(!holds(&cache, 4).await && holds(&cache, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_forgotten_after_its_lifetime() {
        let cache = InProcessCache::new(10_000, Duration::from_secs(60));
        cache.put(&key(1), answer("x")).await.expect("kept");
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(holds(&cache, 1).await);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(!holds(&cache, 1).await);
    }
}
