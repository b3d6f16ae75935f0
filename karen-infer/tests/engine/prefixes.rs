//! What was read of a chat that had to leave the cache.

use std::num::{NonZeroU32, NonZeroUsize};

use karen_infer::{CompletionRequest, LlamaSettings, Models, ModelsConfig};

use super::{demo_with, endless, run};

/// A cache that holds two of the chats, and this much room beside it.
async fn with(prefix_mib: u32) -> Models {
    let config = ModelsConfig {
        context_tokens: NonZeroU32::new(512),
        parallel: NonZeroUsize::new(1),
        llama: LlamaSettings {
            prefix_mib,
            ..LlamaSettings::default()
        },
        ..ModelsConfig::default()
    };
    demo_with(config).await.0
}

/// A prompt of some 200 tokens that begins like no other.
fn chat(number: usize) -> CompletionRequest {
    let line = format!("The {number}th keeper has {number} dogs and {number} boats. ");
    CompletionRequest {
        prompt: line.repeat(12),
        ..endless(8)
    }
}

#[tokio::test]
async fn a_chat_that_left_the_cache_is_brought_back_instead_of_read_again() {
    let (without, kept) = (with(0).await, with(64).await);
    let mut answers = Vec::new();
    for (models, is_brought_back) in [(&without, false), (&kept, true)] {
        let (first, _, usage, _) = run(models, chat(1)).await;
        assert_eq!(usage.cached_tokens, 0);
        assert!(usage.prompt_tokens > 150, "{usage:?}");
        for other in 2..6 {
            run(models, chat(other)).await;
        }
        let (again, _, usage, _) = run(models, chat(1)).await;
        assert_eq!(again, first, "it is the same answer");
        assert_eq!(usage.cached_tokens > 150, is_brought_back, "{usage:?}");
        answers.push(first);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_chat_that_goes_on_from_what_was_brought_back_reads_only_what_is_new() {
    let models = with(64).await;
    run(&models, chat(1)).await;
    for other in 2..6 {
        run(&models, chat(other)).await;
    }
    let mut longer = chat(1);
    longer.prompt.push_str("And then?");
    let (ids, _, usage, _) = run(&models, longer.clone()).await;
    assert!(usage.cached_tokens + 20 > usage.prompt_tokens, "{usage:?}");
    let (cold, ..) = run(&with(0).await, longer).await;
    assert_eq!(ids, cold);
}
