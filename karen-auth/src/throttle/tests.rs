use super::*;
use crate::testing::ManualClock;
use crate::{Clock, InProcessRateLimiter};

fn throttle() -> (Throttle, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let limiter = InProcessRateLimiter::new(Arc::clone(&clock) as Arc<dyn Clock>);
    (Throttle::new(Arc::new(limiter)), clock)
}

/// How many of one try a second are let through.
async fn granted(throttle: &Throttle, clock: &ManualClock, seconds: u32) -> u32 {
    let mut granted = 0;
    for _ in 0..seconds {
        granted += u32::from(throttle.log_in("ada@example.com", None).await.is_ok());
        clock.advance(Duration::from_secs(1));
    }
    granted
}

#[tokio::test]
async fn guessing_gets_slower_and_never_ends_for_good() {
    let (throttle, clock) = throttle();
    let first_minute = granted(&throttle, &clock, 60).await;
    assert!(
        (5..=10).contains(&first_minute),
        "{first_minute} in the first minute"
    );
    granted(&throttle, &clock, 3600).await;
    let later = granted(&throttle, &clock, 600).await;
    assert!(
        (1..=11).contains(&later),
        "{later} in ten minutes, after an hour"
    );
    clock.advance(Duration::from_secs(60));
    throttle
        .log_in("ada@example.com", None)
        .await
        .expect("a minute's rest is enough");
}

#[tokio::test]
async fn a_denied_try_says_how_long_to_wait() {
    let (throttle, clock) = throttle();
    for _ in 0..5 {
        throttle
            .log_in("ada@example.com", None)
            .await
            .expect("the burst");
    }
    let refused = throttle
        .log_in("ada@example.com", None)
        .await
        .expect_err("the sixth");
    assert_eq!(refused.kind(), AuthErrorKind::RateLimited);
    clock.advance(refused.retry_after().expect("a time"));
    throttle
        .log_in("ada@example.com", None)
        .await
        .expect("after the wait");
}

#[tokio::test]
async fn a_right_password_clears_the_account_and_not_the_address() {
    let (throttle, _) = throttle();
    let address = Some("192.0.2.7".parse().expect("an address"));
    for _ in 0..5 {
        throttle
            .log_in("ada@example.com", None)
            .await
            .expect("the burst");
    }
    throttle.forgive("ada@example.com").await.expect("forgive");
    throttle
        .log_in("ada@example.com", None)
        .await
        .expect("forgiven");
    for i in 0..60 {
        let email = format!("user{i}@example.com");
        throttle
            .log_in(&email, address)
            .await
            .expect("the address's burst");
        throttle.forgive(&email).await.expect("forgive");
    }
    throttle
        .log_in("bob@example.com", address)
        .await
        .expect_err("the address is known");
    let elsewhere = Some("192.0.2.8".parse().expect("an address"));
    throttle
        .log_in("bob@example.com", elsewhere)
        .await
        .expect("another address");
}

#[test]
fn an_ipv6_host_has_one_address() {
    let block = |text: &str| address_block(text.parse().expect("an address"));
    assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::9"));
    assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
    assert_eq!(block("::ffff:192.0.2.7"), block("192.0.2.7"));
}
