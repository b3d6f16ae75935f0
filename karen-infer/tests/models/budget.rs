//! Budgets: who has spent all is refused before a model is asked, and what costs nothing is free.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use karen_infer::{
    Caller, GenerateRequest, InProcessCache, Message, ModelErrorKind, Models, ModelsConfig,
};

use crate::conformance::Purse;
use crate::parrot::Parrot;

/// A question that takes about two thirds of what a caller has.
fn request(user: &str) -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message::user("hello there")],
        caller: Some(Caller::new("tenant", user)),
        ..GenerateRequest::default()
    }
}

async fn open(purse: &Purse) -> (Models, Parrot) {
    let config = ModelsConfig {
        budget: Some(Arc::new(purse.clone())),
        cache: Some(Arc::new(InProcessCache::new(1 << 20, Duration::MAX))),
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await.unwrap();
    let parrot = Parrot::default();
    parrot.add(&models, "one");
    (models, parrot)
}

async fn answer(models: &Models, request: GenerateRequest) {
    let mut generation = models.generate(request).await.unwrap();
    while let Some(event) = generation.next().await {
        event.unwrap();
    }
}

#[tokio::test]
async fn who_has_spent_all_is_refused_before_a_model_is_asked() {
    let purse = Purse::of(20);
    let (models, parrot) = open(&purse).await;
    let fresh = |user| GenerateRequest {
        fresh: true,
        ..request(user)
    };
    for _ in 0..2 {
        answer(&models, fresh("ada")).await;
    }
    let refused = models.generate(fresh("ada")).await.err().unwrap();
    assert!(
        matches!(refused.kind(), ModelErrorKind::Quota(_)),
        "{refused}"
    );
    assert_eq!(parrot.times_asked(), 2);
    answer(&models, fresh("bob")).await;
}

#[tokio::test]
async fn answers_from_the_cache_and_for_nobody_are_not_charged() {
    let purse = Purse::of(1_000_000);
    let (models, _) = open(&purse).await;
    for _ in 0..3 {
        answer(&models, request("ada")).await;
    }
    let nobody = GenerateRequest {
        caller: None,
        ..request("")
    };
    answer(&models, nobody).await;
    // Two words were asked, and fourteen answered, once.
    assert_eq!(purse.spent().await, [(Caller::new("tenant", "ada"), 16)]);
}
