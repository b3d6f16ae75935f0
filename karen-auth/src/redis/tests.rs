//! On a real Redis and a real cluster, which `make test` starts: `KAREN_TEST_REDIS_URL` and
//! `KAREN_TEST_REDIS_CLUSTER_URLS` are their addresses.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::testing::{ManualClock, bell, rate_limiter};
use crate::{AccountId, Bell, Clock, Quota, RateKey, RateLimiter};

fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `make test`, or `scripts/services.sh start` and `env`")
    })
}

/// A name that no other test uses.
fn config(nodes: Vec<String>) -> RedisConfig {
    RedisConfig {
        namespace: format!("test_{}", AccountId::random()),
        nodes,
    }
}

fn server() -> RedisConfig {
    config(vec![address("KAREN_TEST_REDIS_URL")])
}

fn cluster() -> RedisConfig {
    let nodes = address("KAREN_TEST_REDIS_CLUSTER_URLS");
    config(nodes.split(',').map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_keep_the_contract_on_a_server_and_on_a_cluster() {
    for config in [server(), cluster()] {
        let clock = Arc::new(ManualClock::default());
        let limiter = RedisRateLimiter::new(&config).expect("an address");
        let limiter = limiter.by(Arc::clone(&clock) as Arc<dyn Clock>);
        rate_limiter(Arc::new(limiter), &clock).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bell_keeps_the_contract_on_a_server_and_on_a_cluster() {
    for config in [server(), cluster()] {
        bell(&RedisBell::new(&config).expect("an address")).await;
    }
}

/// Tries of several instances at once.
async fn granted(limiters: &[Arc<RedisRateLimiter>], quota: Quota, tries: usize) -> usize {
    let key = RateKey::new("testing", "everybody");
    let tasks = (0..tries).map(|number| {
        let limiter = Arc::clone(&limiters[number % limiters.len()]);
        tokio::spawn(async move { limiter.take(&key, &quota).await })
    });
    let mut granted = 0;
    for task in tasks.collect::<Vec<_>>() {
        let grant = task.await.expect("no panic").expect("an answer");
        granted += usize::from(grant.is_granted());
    }
    granted
}

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_count_together_by_the_time_of_the_server() {
    let quota = Quota {
        burst: 20,
        period: Duration::from_secs(3_600),
    };
    let config = server();
    let limiter = || Arc::new(RedisRateLimiter::new(&config).expect("an address"));
    let limiters = [limiter(), limiter(), limiter()];
    assert_eq!(granted(&limiters, quota, 64).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_instance_still_has_a_limit() {
    let quota = Quota {
        burst: 5,
        period: Duration::from_secs(3_600),
    };
    let config = config(vec!["redis://127.0.0.1:9".to_owned()]);
    let limiter = Arc::new(RedisRateLimiter::new(&config).expect("an address"));
    assert_eq!(granted(&[limiter], quota, 16).await, 5);
    let bell = RedisBell::new(&config).expect("an address");
    bell.listen().await.expect("it waits until there is one");
    assert!(
        RedisRateLimiter::new(&RedisConfig {
            namespace: String::new(),
            nodes: vec!["nonsense".to_owned()],
        })
        .is_err()
    );
}
