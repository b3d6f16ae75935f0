//! What every rate limiter owes.

use std::sync::Arc;
use std::time::Duration;

use crate::testing::{ManualClock, at_once};
use crate::{AccountId, Grant, Quota, RateKey, RateLimiter};

const QUOTA: Quota = Quota {
    burst: 5,
    period: Duration::from_secs(10),
};

/// Runs the contract of [`RateLimiter`] on a limiter that reads `clock`.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn rate_limiter(limiter: Arc<dyn RateLimiter>, clock: &ManualClock) {
    grants_exactly_the_burst(&limiter).await;
    grants_one_more_each_period(&*limiter, clock).await;
    says_what_is_left(&*limiter, clock).await;
    counts_no_denied_try(&*limiter, clock).await;
    keeps_keys_apart_and_forgets(&*limiter).await;
}

fn fresh_key() -> RateKey {
    RateKey::new("testing", AccountId::random().as_str())
}

async fn take(limiter: &dyn RateLimiter, key: &RateKey) -> Grant {
    limiter.take(key, &QUOTA).await.expect("take")
}

async fn exhaust(limiter: &dyn RateLimiter, key: &RateKey) {
    for _ in 0..QUOTA.burst {
        assert!(take(limiter, key).await.is_granted(), "within the burst");
    }
}

async fn grants_exactly_the_burst(limiter: &Arc<dyn RateLimiter>) {
    let key = fresh_key();
    let grants = at_once(64, || {
        let limiter = Arc::clone(limiter);
        async move { take(&*limiter, &key).await }
    });
    let granted = grants
        .await
        .into_iter()
        .filter(|grant| grant.is_granted())
        .count();
    assert_eq!(granted, 5, "exactly the burst, however many call at once");
}

async fn grants_one_more_each_period(limiter: &dyn RateLimiter, clock: &ManualClock) {
    let key = fresh_key();
    exhaust(limiter, &key).await;
    let denied = Grant::Denied {
        retry_after: QUOTA.period,
    };
    assert_eq!(take(limiter, &key).await, denied, "the burst is used up");
    clock.advance(QUOTA.period - Duration::from_millis(1));
    let almost = Grant::Denied {
        retry_after: Duration::from_millis(1),
    };
    assert_eq!(take(limiter, &key).await, almost, "not a moment earlier");
    clock.advance(Duration::from_millis(1));
    assert!(
        take(limiter, &key).await.is_granted(),
        "one more after a period"
    );
    assert_eq!(take(limiter, &key).await, denied, "and only one");
    clock.advance(QUOTA.period * 50);
    exhaust(limiter, &key).await;
    assert_eq!(
        take(limiter, &key).await,
        denied,
        "rest saves up no more than the burst"
    );
}

async fn says_what_is_left(limiter: &dyn RateLimiter, clock: &ManualClock) {
    let key = fresh_key();
    let granted = |left, periods| Grant::Granted {
        left,
        full_in: QUOTA.period * periods,
    };
    assert_eq!(take(limiter, &key).await, granted(4, 1));
    assert_eq!(take(limiter, &key).await, granted(3, 2));
    clock.advance(QUOTA.period);
    assert_eq!(take(limiter, &key).await, granted(3, 2), "one came back");
}

async fn counts_no_denied_try(limiter: &dyn RateLimiter, clock: &ManualClock) {
    let key = fresh_key();
    exhaust(limiter, &key).await;
    for _ in 0..100 {
        assert!(!take(limiter, &key).await.is_granted());
    }
    clock.advance(QUOTA.period);
    assert!(
        take(limiter, &key).await.is_granted(),
        "nobody is locked out by trying"
    );
}

async fn keeps_keys_apart_and_forgets(limiter: &dyn RateLimiter) {
    let (key, other) = (fresh_key(), fresh_key());
    exhaust(limiter, &key).await;
    exhaust(limiter, &other).await;
    limiter.reset(&key).await.expect("reset");
    assert!(take(limiter, &key).await.is_granted(), "it was forgotten");
    assert!(
        !take(limiter, &other).await.is_granted(),
        "the other was not"
    );
}
