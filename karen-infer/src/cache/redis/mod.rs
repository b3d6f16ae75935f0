//! Answers in Redis or Redis Cluster, which instances share.
//!
//! An answer is one value, which begins with the era that it was written in. Clearing begins another
//! era: earlier answers are there no longer, and leave with their lifetime.

mod connection;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::cmd;
use async_trait::async_trait;

use self::connection::Connection;
use super::{CacheKey, CachedAnswer, ResponseCache, stored};
use crate::{ModelError, ModelErrorKind};

/// Redis refuses a lifetime that ends behind its clock.
const LIFETIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// What ends the era in front of an answer.
const ERA_END: u8 = b' ';

/// Which Redis, and for how long.
#[derive(Clone)]
pub struct RedisCacheConfig {
    /// Begins every key.
    pub namespace: String,
    /// `redis://user:password@host:port` of a server, or of several nodes of one cluster.
    pub nodes: Vec<String>,
    /// How long an answer is kept; Redis itself drops the oldest before that when it is full, if it is
    /// set to.
    pub lifetime: Duration,
    /// Larger answers are not kept.
    pub answer_bytes_max: usize,
}

/// Addresses may carry passwords.
impl fmt::Debug for RedisCacheConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCacheConfig")
            .field("namespace", &self.namespace)
            .field("nodes", &self.nodes.len())
            .field("lifetime", &self.lifetime)
            .field("answer_bytes_max", &self.answer_bytes_max)
            .finish()
    }
}

/// Answers that instances share.
pub struct RedisCache {
    connection: Arc<Connection>,
    config: RedisCacheConfig,
}

impl RedisCache {
    /// Connects at the first call, and again whenever the connection is lost.
    ///
    /// # Errors
    /// `Invalid` when an address is none.
    pub fn open(config: RedisCacheConfig) -> Result<Self, ModelError> {
        Ok(Self {
            connection: Arc::new(Connection::new(config.nodes.clone())?),
            config,
        })
    }

    fn era_key(&self) -> String {
        format!("{}:answers:era", self.config.namespace)
    }

    fn answer_key(&self, key: &CacheKey) -> String {
        let hex: String = key
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}:answers:{hex}", self.config.namespace)
    }

    async fn era(&self) -> Result<u64, ModelError> {
        let era: Option<u64> = self
            .connection
            .query(cmd("GET").arg(self.era_key()))
            .await?;
        Ok(era.unwrap_or(0))
    }
}

#[async_trait]
impl ResponseCache for RedisCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<CachedAnswer>, ModelError> {
        let mut get = cmd("GET");
        get.arg(self.answer_key(key));
        let value = self.connection.query::<Option<Vec<u8>>>(&get);
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
            return self.connection.query::<u64>(&forget).await.map(drop);
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
        self.connection.query(&set).await
    }

    async fn clear(&self) -> Result<(), ModelError> {
        let mut begin = cmd("INCR");
        begin.arg(self.era_key());
        self.connection.query::<u64>(&begin).await.map(drop)
    }
}

fn failed(error: ::redis::RedisError) -> ModelError {
    let kind = ModelErrorKind::Unavailable;
    ModelError::new(kind, "use", "the cache in Redis").caused_by(error)
}
