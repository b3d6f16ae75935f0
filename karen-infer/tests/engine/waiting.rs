//! Who waits for a model, and for how long.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use karen_infer::{
    CompletionRequest, GenerateEvent, ModelErrorKind, Models, ModelsConfig, Priority, Waiting,
};

use super::{demo_with, endless, run};

/// A model that gives one answer at a time.
async fn narrow() -> Models {
    let config = ModelsConfig {
        parallel: NonZeroUsize::new(1),
        ..ModelsConfig::default()
    };
    demo_with(config).await.0
}

fn waiting(priority: Priority, max_tokens: u32) -> CompletionRequest {
    CompletionRequest {
        waiting: Waiting {
            priority,
            at_most: None,
        },
        ..endless(max_tokens)
    }
}

#[tokio::test]
async fn the_more_urgent_is_answered_before_one_that_came_first() {
    let models = narrow().await;
    let mut given = models.complete(endless(700)).await.unwrap();
    given.next().await.unwrap().unwrap();
    let mut low = models.complete(waiting(Priority::Low, 700)).await.unwrap();
    let high = models.complete(waiting(Priority::High, 8)).await.unwrap();
    drop(given);
    high.for_each(|event| async move { drop(event.unwrap()) })
        .await;
    let so_far = std::iter::from_fn(|| low.next().now_or_never().flatten());
    let is_over = so_far
        .map(Result::unwrap)
        .any(|event| matches!(event, GenerateEvent::Done(_)));
    assert!(!is_over, "the less urgent one was answered first");
}

#[tokio::test]
async fn whose_turn_does_not_come_in_time_is_told_and_others_are_answered() {
    let models = narrow().await;
    let mut given = models.complete(endless(64)).await.unwrap();
    given.next().await.unwrap().unwrap();
    let hasty = CompletionRequest {
        waiting: Waiting {
            at_most: Some(Duration::ZERO),
            ..Waiting::default()
        },
        ..endless(8)
    };
    let mut late = models.complete(hasty).await.unwrap();
    let error = late.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Timeout);
    assert!(late.next().await.is_none(), "nothing follows");
    let tokens = given.filter(|event| {
        let is_token = matches!(event, Ok(GenerateEvent::Token(_)));
        async move { is_token }
    });
    assert!(
        tokens.count().await >= 60,
        "the other one goes on to its end"
    );
    assert_eq!(run(&models, endless(8)).await.0.len(), 8);
}
