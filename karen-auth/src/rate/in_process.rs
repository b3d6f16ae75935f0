//! Rate limits of one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Grant, Quota, RateKey, RateLimiter, granted_after};
use crate::{AuthError, Clock};

/// Beyond this many keys, about 10 MB, the half that frees first is forgotten.
const KEYS_MAX: usize = 100_000;

/// Counts in memory; a restart forgets everything.
pub struct InProcessRateLimiter {
    clock: Arc<dyn Clock>,
    /// The theoretical arrival time of each key's next try, in unix milliseconds.
    arrivals: Mutex<HashMap<RateKey, i64>>,
}

impl InProcessRateLimiter {
    /// A limiter that reads the time from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            arrivals: Mutex::default(),
        }
    }
}

#[async_trait]
impl RateLimiter for InProcessRateLimiter {
    async fn take(&self, key: &RateKey, quota: &Quota) -> Result<Grant, AuthError> {
        let now = self.clock.now_ms();
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = arrivals.get(key).copied().unwrap_or(now);
        match gcra(arrival, now, quota) {
            Ok(next) => {
                make_room(&mut arrivals, now);
                arrivals.insert(*key, next);
                Ok(granted_after(left_to_go(next, now), quota))
            }
            Err(retry_after) => Ok(Grant::Denied { retry_after }),
        }
    }

    async fn reset(&self, key: &RateKey) -> Result<(), AuthError> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.remove(key);
        Ok(())
    }
}

/// The next arrival time if a try at `now` conforms, else how long to wait.
fn gcra(arrival: i64, now: i64, quota: &Quota) -> Result<i64, Duration> {
    let period = i64::try_from(quota.period.as_millis()).unwrap_or(i64::MAX);
    let next = arrival.max(now).saturating_add(period);
    let allowed_at = next.saturating_sub(period.saturating_mul(i64::from(quota.burst.max(1))));
    match u64::try_from(allowed_at - now) {
        Ok(0) | Err(_) => Ok(next),
        Ok(wait_ms) => Err(Duration::from_millis(wait_ms)),
    }
}

/// The time from now until the burst is free again.
fn left_to_go(next: i64, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(next - now).unwrap_or(0))
}

fn make_room(arrivals: &mut HashMap<RateKey, i64>, now: i64) {
    if arrivals.len() < KEYS_MAX {
        return;
    }
    arrivals.retain(|_, arrival| *arrival > now);
    if arrivals.len() < KEYS_MAX {
        return;
    }
    let mut times: Vec<i64> = arrivals.values().copied().collect();
    let (_, median, _) = times.select_nth_unstable(KEYS_MAX / 2);
    let median = *median;
    arrivals.retain(|_, arrival| *arrival > median);
}

#[cfg(test)]
mod tests;
