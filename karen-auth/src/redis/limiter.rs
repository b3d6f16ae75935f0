//! Rate limits that instances share.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::redis::{Cmd, Script};
use async_trait::async_trait;
use karen_redis::{Connection, RedisConfig};

use super::{silent, wrong};
use crate::rate::granted_after;
use crate::{
    AuthError, Clock, Grant, InProcessRateLimiter, Quota, RateKey, RateLimiter, SystemClock,
};

static GCRA: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// After it was silent, Redis is asked again after this time.
const REST_MS: i64 = 1_000;

/// Counts in Redis, so that all instances count together, by the time of the server.
///
/// While Redis does not answer each instance counts for itself: limits are wider then, and never
/// off.
pub struct RedisRateLimiter {
    connection: Connection,
    namespace: String,
    clock: Option<Arc<dyn Clock>>,
    alone: InProcessRateLimiter,
    silent_until_ms: AtomicI64,
}

impl RedisRateLimiter {
    /// A limiter that connects when it is first asked.
    ///
    /// # Errors
    /// `Invalid` for an address that is none.
    pub fn new(config: &RedisConfig) -> Result<Self, AuthError> {
        Ok(Self {
            connection: Connection::new(config).map_err(wrong)?,
            namespace: config.namespace.clone(),
            clock: None,
            alone: InProcessRateLimiter::new(Arc::new(SystemClock)),
            silent_until_ms: AtomicI64::new(0),
        })
    }

    /// The same by another clock than the server's.
    #[must_use]
    pub fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            alone: InProcessRateLimiter::new(Arc::clone(&clock)),
            clock: Some(clock),
            ..self
        }
    }

    /// The hash tag is the key itself, so that a cluster spreads them.
    fn name(&self, key: &RateKey) -> String {
        let hex: String = key.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
        format!("{}:rate:{hex}", self.namespace)
    }

    async fn count(&self, key: &RateKey, quota: &Quota) -> Result<Grant, AuthError> {
        let mut script = GCRA.key(self.name(key));
        let now = self.clock.as_ref().map(|clock| clock.now_ms().to_string());
        script.arg(now.unwrap_or_default());
        script.arg(u64::try_from(quota.period.as_millis()).unwrap_or(u64::MAX));
        script.arg(quota.burst.max(1));
        let answer = script.invoke_async(&mut self.connection.clone()).await;
        let (is_granted, wait_ms): (u8, u64) = answer.map_err(silent)?;
        let wait = Duration::from_millis(wait_ms);
        Ok(match is_granted {
            0 => Grant::Denied { retry_after: wait },
            _ => granted_after(wait, quota),
        })
    }

    fn is_silent(&self) -> bool {
        SystemClock.now_ms() < self.silent_until_ms.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn take(&self, key: &RateKey, quota: &Quota) -> Result<Grant, AuthError> {
        if !self.is_silent() {
            if let Ok(grant) = self.count(key, quota).await {
                return Ok(grant);
            }
            let until = SystemClock.now_ms() + REST_MS;
            self.silent_until_ms.store(until, Ordering::Relaxed);
        }
        self.alone.take(key, quota).await
    }

    async fn reset(&self, key: &RateKey) -> Result<(), AuthError> {
        self.alone.reset(key).await?;
        if self.is_silent() {
            return Ok(());
        }
        let forget = Cmd::del(self.name(key));
        let sent = forget.exec_async(&mut self.connection.clone()).await;
        sent.map_err(silent)
    }
}
