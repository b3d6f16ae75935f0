//! The conformance suite of [`ResponseCache`].

use serde_json::json;

use crate::{CacheKey, CachedAnswer, FinishReason, GenerateEvent, ResponseCache, ToolCall, Usage};

/// Checks the contract that [`ResponseCache`] states, on one with room for a few small answers.
///
/// # Panics
/// With what is not as promised.
pub async fn response_cache(cache: &dyn ResponseCache) {
    let (one, other) = (CacheKey::new([1; 32]), CacheKey::new([2; 32]));
    check(cache, &one, None).await;
    cache.put(&one, answer("first")).await.expect("kept");
    check(cache, &one, Some(answer("first"))).await;
    check(cache, &other, None).await;
    cache.put(&one, answer("second")).await.expect("replaced");
    check(cache, &one, Some(answer("second"))).await;
    cache.clear().await.expect("forgotten");
    check(cache, &one, None).await;
}

async fn check(cache: &dyn ResponseCache, key: &CacheKey, expect: Option<CachedAnswer>) {
    assert_eq!(
        cache.get(key).await.expect("asked"),
        expect,
        "under {key:?}"
    );
}

/// One event of each kind.
fn answer(text: &str) -> CachedAnswer {
    let call = ToolCall {
        id: "call-1".to_owned(),
        name: "look".to_owned(),
        arguments: json!({ "at": [1, null, "é"] }),
    };
    let usage = Usage {
        prompt_tokens: 1,
        completion_tokens: 2,
        cached_tokens: 1,
    };
    CachedAnswer {
        events: vec![
            GenerateEvent::ReasoningDelta("why?".to_owned()),
            GenerateEvent::TextDelta(text.to_owned()),
            GenerateEvent::ToolCall(call),
            GenerateEvent::Usage(usage),
            GenerateEvent::Done(FinishReason::ToolCalls),
        ],
    }
}
