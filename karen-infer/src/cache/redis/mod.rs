//! Answers in Redis or Redis Cluster, which instances share.
//!
//! An answer is one value, which begins with the era that it was written in. Clearing begins another
//! era: earlier answers are there no longer, and leave with their lifetime.

use std::time::Duration;

use ::redis::{Cmd, FromRedisValue, RedisError, cmd};
use async_trait::async_trait;
use karen_redis::Connection;
pub use karen_redis::RedisConfig;

use super::{CacheKey, CachedAnswer, ResponseCache, stored};
use crate::{ModelError, ModelErrorKind};

/// Redis refuses a lifetime that ends behind its clock.
const LIFETIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// What ends the era in front of an answer.
const ERA_END: u8 = b' ';

/// Which Redis, and for how long.
#[derive(Clone, Debug)]
pub struct RedisCacheConfig {
    /// Where answers are kept.
    pub redis: RedisConfig,
    /// How long an answer is kept; Redis itself drops the oldest before that when it is full, if it is
    /// set to.
    pub lifetime: Duration,
    /// Larger answers are not kept.
    pub answer_bytes_max: usize,
}

/// Answers that instances share.
pub struct RedisCache {
    connection: Connection,
    config: RedisCacheConfig,
}

impl RedisCache {
    /// Connects at the first call, and again whenever the connection is lost.
    ///
    /// # Errors
    /// `Invalid` when an address is none.
    pub fn open(config: RedisCacheConfig) -> Result<Self, ModelError> {
        Ok(Self {
            connection: Connection::new(&config.redis).map_err(wrong)?,
            config,
        })
    }

    fn era_key(&self) -> String {
        format!("{}:answers:era", self.config.redis.namespace)
    }

    fn answer_key(&self, key: &CacheKey) -> String {
        let hex: String = key
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}:answers:{hex}", self.config.redis.namespace)
    }

    async fn era(&self) -> Result<u64, ModelError> {
        let era: Option<u64> = self.query(cmd("GET").arg(self.era_key())).await?;
        Ok(era.unwrap_or(0))
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ModelError> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.map_err(failed)
    }
}

#[async_trait]
impl ResponseCache for RedisCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<CachedAnswer>, ModelError> {
        let mut get = cmd("GET");
        get.arg(self.answer_key(key));
        let value = self.query::<Option<Vec<u8>>>(&get);
        let (era, value) = futures::try_join!(self.era(), value)?;
        Ok(value.and_then(|value| {
            let end = value.iter().position(|byte| *byte == ERA_END)?;
            let written: u64 = std::str::from_utf8(&value[..end]).ok()?.parse().ok()?;
            (written == era).then(|| stored::read(&value[end + 1..]))?
        }))
    }

    async fn put(&self, key: &CacheKey, answer: CachedAnswer) -> Result<(), ModelError> {
        let era = self.era().await?;
        let Some(json) = stored::write(&answer) else {
            return Ok(());
        };
        if json.len() > self.config.answer_bytes_max {
            let mut forget = cmd("UNLINK");
            forget.arg(self.answer_key(key));
            return self.query::<u64>(&forget).await.map(drop);
        }
        let value = [era.to_string().as_bytes(), &[ERA_END], &json].concat();
        let lifetime = self
            .config
            .lifetime
            .clamp(Duration::from_millis(1), LIFETIME_MAX);
        let mut set = cmd("SET");
        set.arg(self.answer_key(key)).arg(value);
        set.arg("PX")
            .arg(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
        self.query(&set).await
    }

    async fn clear(&self) -> Result<(), ModelError> {
        let mut begin = cmd("INCR");
        begin.arg(self.era_key());
        self.query::<u64>(&begin).await.map(drop)
    }
}

fn wrong(error: RedisError) -> ModelError {
    let why = "the address is none such as redis://host:port".to_owned();
    ModelError::new(ModelErrorKind::Invalid(why), "use", "Redis").caused_by(error)
}

fn failed(error: RedisError) -> ModelError {
    let kind = ModelErrorKind::Unavailable;
    ModelError::new(kind, "use", "the cache in Redis").caused_by(error)
}
