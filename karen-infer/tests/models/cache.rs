//! Cached answers: given again as they were, to whom they belong, and only where asking again would
//! give the same.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use karen_infer::{
    Caller, GenerateEvent, GenerateRequest, InProcessCache, Message, Models, ModelsConfig,
    Sampling, SemanticConfig,
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

#[tokio::test]
async fn a_question_that_means_the_same_gets_the_answer_where_that_is_asked_for_and_it_says_so() {
    let open = async |semantic| {
        let cache = InProcessCache::new(1 << 20, Duration::from_secs(60));
        let config = ModelsConfig {
            cache: Some(Arc::new(cache)),
            semantic,
            ..ModelsConfig::default()
        };
        let models = Models::open(config).await.unwrap();
        Parrot::default().add(&models, "one");
        models
    };
    let served = async |models: &Models, request| {
        let mut generation = models.generate(request).await.unwrap();
        while let Some(event) = generation.next().await {
            event.unwrap();
        }
        let served = generation.served();
        (served.from_cache, served.is_similar)
    };
    let (first, same) = ("How do I bake bread?", "Please tell me how to bake bread.");
    let plain = open(None).await;
    served(&plain, request(first)).await;
    assert_eq!(served(&plain, request(same)).await, (false, false));

    let models = open(Some(SemanticConfig::default())).await;
    assert_eq!(served(&models, request(first)).await, (false, false));
    assert_eq!(served(&models, request(first)).await, (true, false));
    assert_eq!(served(&models, request(same)).await, (true, true));
    let after = |system: &str| GenerateRequest {
        messages: vec![Message::system(system), Message::user(same)],
        ..GenerateRequest::default()
    };
    assert_eq!(served(&models, after("Be brief.")).await, (false, false));
    let of = |tenant: &str| GenerateRequest {
        caller: Some(Caller::new(tenant, "ada")),
        ..request(same)
    };
    assert_eq!(served(&models, of("other")).await, (false, false));
    let longer = GenerateRequest {
        max_tokens: Some(3),
        ..request(same)
    };
    assert_eq!(served(&models, longer).await, (false, false));
    let random = GenerateRequest {
        sampling: Sampling {
            temperature: 0.9,
            seed: Some(1),
            ..Sampling::default()
        },
        ..request(same)
    };
    assert_eq!(served(&models, random).await, (false, false));
}
