//! Cached answers: given again as they were, to whom they belong, and only where asking again would
//! give the same.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use karen_infer::{
    Caller, GenerateEvent, GenerateRequest, InProcessCache, Message, Models, ModelsConfig, Sampling,
};

use crate::parrot::Parrot;

async fn open() -> (Models, Parrot) {
    let cache = InProcessCache::new(1 << 20, Duration::from_secs(60));
    let config = ModelsConfig {
        cache: Some(Arc::new(cache)),
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await.unwrap();
    let parrot = Parrot::default();
    parrot.add(&models, "one");
    (models, parrot)
}

fn request(text: &str) -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message::user(text)],
        ..GenerateRequest::default()
    }
}

async fn events(models: &Models, request: GenerateRequest) -> (Vec<GenerateEvent>, bool) {
    let generation = models.generate(request).await.unwrap();
    let from_cache = generation.served().from_cache;
    let events: Vec<_> = generation.map(Result::unwrap).collect().await;
    (events, from_cache)
}

#[tokio::test]
async fn a_question_asked_again_is_answered_from_the_cache_piece_by_piece() {
    let (models, parrot) = open().await;
    let (first, from_cache) = events(&models, request("hello there")).await;
    assert!(!from_cache && first.len() > 4);
    let (again, from_cache) = events(&models, request("hello there")).await;
    assert!(from_cache);
    assert_eq!(first, again);
    assert_eq!(parrot.times_asked(), 1);
    let fresh = GenerateRequest {
        fresh: true,
        ..request("hello there")
    };
    assert!(!events(&models, fresh).await.1);
    assert_eq!(parrot.times_asked(), 2);
}

#[tokio::test]
async fn random_answers_are_asked_for_each_time() {
    let (models, parrot) = open().await;
    let random = |seed| GenerateRequest {
        sampling: Sampling {
            temperature: 0.9,
            seed,
            ..Sampling::default()
        },
        ..request("hello")
    };
    for _ in 0..2 {
        assert!(!events(&models, random(None)).await.1);
    }
    assert!(!events(&models, random(Some(1))).await.1);
    assert!(events(&models, random(Some(1))).await.1);
    assert_eq!(parrot.times_asked(), 3);
}

#[tokio::test]
async fn tenants_do_not_see_each_others_answers() {
    let (models, _) = open().await;
    let of = |tenant: &str, user: &str| GenerateRequest {
        caller: Some(Caller::new(tenant, user)),
        ..request("hello")
    };
    assert!(!events(&models, of("one", "ada")).await.1);
    assert!(events(&models, of("one", "bob")).await.1);
    assert!(!events(&models, of("two", "ada")).await.1);
    assert!(!events(&models, request("hello")).await.1);
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_not_kept() {
    let (models, _) = open().await;
    let generation = models.generate(request("hello there")).await.unwrap();
    generation.cancel();
    let cut: Vec<_> = generation.collect().await;
    assert!(cut.len() < 4, "{cut:?}");
    let mut dropped = models.generate(request("hello there")).await.unwrap();
    dropped.next().await.unwrap().unwrap();
    drop(dropped);
    assert!(!events(&models, request("hello there")).await.1);
}
