//! The cache in Redis, on real servers: see scripts/services.sh.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use karen_infer::{
    CacheKey, CachedAnswer, FinishReason, GenerateEvent, ModelErrorKind, RedisCache,
    RedisCacheConfig, RedisConfig, ResponseCache, testing,
};

fn config(nodes: &str, namespace: &str) -> RedisCacheConfig {
    RedisCacheConfig {
        redis: RedisConfig {
            namespace: format!("test-{namespace}-{}", std::process::id()),
            nodes: nodes.split(',').map(str::to_owned).collect(),
        },
        lifetime: Duration::from_secs(60),
        answer_bytes_max: 1 << 20,
    }
}

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run scripts/services.sh start, and see CONTRIBUTING.md")
    })
}

fn open(variable: &str, namespace: &str) -> RedisCache {
    RedisCache::open(config(&server(variable), namespace)).unwrap()
}

fn answer(text: &str) -> CachedAnswer {
    CachedAnswer {
        events: vec![
            GenerateEvent::TextDelta(text.to_owned()),
            GenerateEvent::Done(FinishReason::Stop),
        ],
    }
}

#[tokio::test]
async fn the_cache_in_redis_keeps_its_contract() {
    testing::response_cache(&open("KAREN_TEST_REDIS_URL", "contract")).await;
}

#[tokio::test]
async fn the_cache_in_a_redis_cluster_keeps_its_contract() {
    testing::response_cache(&open("KAREN_TEST_REDIS_CLUSTER_URLS", "contract")).await;
}

#[tokio::test]
async fn instances_share_answers_and_what_one_clears_is_gone_for_all() {
    let one = open("KAREN_TEST_REDIS_URL", "shared");
    let other = open("KAREN_TEST_REDIS_URL", "shared");
    let stranger = open("KAREN_TEST_REDIS_URL", "another");
    let key = CacheKey::new([7; 32]);
    one.put(&key, answer("kept")).await.unwrap();
    assert_eq!(other.get(&key).await.unwrap(), Some(answer("kept")));
    assert_eq!(stranger.get(&key).await.unwrap(), None);
    stranger.clear().await.unwrap();
    assert_eq!(other.get(&key).await.unwrap(), Some(answer("kept")));
    other.clear().await.unwrap();
    assert_eq!(one.get(&key).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_kept_and_does_not_leave_an_older_one() {
    let small = RedisCacheConfig {
        answer_bytes_max: 200,
        ..config(&server("KAREN_TEST_REDIS_URL"), "large")
    };
    let cache = RedisCache::open(small).unwrap();
    let key = CacheKey::new([8; 32]);
    cache.put(&key, answer("small")).await.unwrap();
    cache.put(&key, answer(&"large".repeat(100))).await.unwrap();
    assert_eq!(cache.get(&key).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_leaves_with_its_lifetime() {
    let short = RedisCacheConfig {
        lifetime: Duration::ZERO,
        ..config(&server("KAREN_TEST_REDIS_URL"), "short")
    };
    let cache = RedisCache::open(short).unwrap();
    let key = CacheKey::new([9; 32]);
    cache.put(&key, answer("short")).await.unwrap();
    // Redis ends a lifetime of a millisecond while it answers a few calls.
    let gone = async { while cache.get(&key).await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn without_a_redis_it_is_unavailable_and_its_password_is_not_told() {
    let cache = RedisCache::open(config("redis://:secret@127.0.0.1:9", "away")).unwrap();
    let error = Arc::new(cache)
        .get(&CacheKey::new([1; 32]))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    let wrong = RedisCache::open(config("nowhere", "wrong")).err().unwrap();
    assert!(
        matches!(wrong.kind(), ModelErrorKind::Invalid(_)),
        "{wrong}"
    );
}
