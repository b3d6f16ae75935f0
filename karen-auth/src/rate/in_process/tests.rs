use super::*;
use crate::testing::stores::fails;
use crate::testing::{ManualClock, rate_limiter};

#[tokio::test]
async fn it_keeps_the_contract() {
    let clock = Arc::new(ManualClock::default());
    let limiter = InProcessRateLimiter::new(Arc::clone(&clock) as Arc<dyn Clock>);
    rate_limiter(Arc::new(limiter), &clock).await;
}

/// Grants one too many, and counts what it denies.
struct Generous(InProcessRateLimiter);

#[async_trait]
impl RateLimiter for Generous {
    async fn take(&self, key: &RateKey, quota: &Quota) -> Result<Grant, AuthError> {
        let burst = quota.burst + 1;
        self.0.take(key, &Quota { burst, ..*quota }).await
    }

    async fn reset(&self, key: &RateKey) -> Result<(), AuthError> {
        self.0.reset(key).await
    }
}

#[tokio::test]
async fn a_limiter_that_grants_too_much_fails_the_suite() {
    let clock = Arc::new(ManualClock::default());
    let limiter = InProcessRateLimiter::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let suite = async move { rate_limiter(Arc::new(Generous(limiter)), &clock).await };
    assert!(fails(suite).await);
}

#[test]
fn no_number_of_keys_fills_the_memory() {
    let now = 1_000;
    let mut arrivals = HashMap::new();
    for i in 0..KEYS_MAX {
        let key = RateKey::new("flood", &i.to_string());
        arrivals.insert(key, now + 1 + i64::try_from(i).expect("small"));
    }
    make_room(&mut arrivals, now);
    assert!(arrivals.len() < KEYS_MAX);
    let longest = now + i64::try_from(KEYS_MAX).expect("small");
    assert!(
        arrivals.values().any(|arrival| *arrival == longest),
        "who is furthest in debt stays"
    );
}
