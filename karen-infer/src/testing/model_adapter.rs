//! The conformance suite of [`ModelAdapter`]: what every implementation must pass.

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    AnswerFormat, FinishReason, GenerateEvent, Job, Message, ModelAdapter, ModelErrorKind, Prompt,
    Sampling, ToolChoice, Usage,
};

/// Checks the contract that [`ModelAdapter`] states, on one that generates.
///
/// # Panics
/// With what is not as promised.
pub async fn model_adapter(adapter: &dyn ModelAdapter) {
    answers_end_with_usage_and_done(adapter).await;
    answers_keep_to_their_limit(adapter).await;
    stop_texts_end_an_answer_and_stay_out_of_it(adapter).await;
    loading_and_unloading_change_no_answer(adapter).await;
    a_dropped_answer_frees_the_model(adapter).await;
    a_cancelled_answer_ends(adapter).await;
    a_prompt_that_is_too_long_is_told_apart(adapter).await;
    what_it_does_not_do_is_unsupported(adapter).await;
}

/// Checks the contract that [`ModelAdapter`] states, on one that embeds.
///
/// # Panics
/// With what is not as promised.
pub async fn embedding_adapter(adapter: &dyn ModelAdapter) {
    let texts = ["a dog", "the stock market"].map(str::to_owned);
    let rows = adapter.embed(&texts).await.expect("embeds");
    assert_eq!(rows.len(), texts.len(), "a row for each text");
    for (row, text) in rows.iter().zip(&texts) {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-3, "a row has length {length}");
        let alone = adapter
            .embed(std::slice::from_ref(text))
            .await
            .expect("embeds");
        assert_eq!(alone.len(), 1, "a row for the text");
        let product: f32 = row.iter().zip(&alone[0]).map(|(a, b)| a * b).sum();
        assert!(product > 0.999, "row and text belong together: {product}");
    }
    assert_eq!(
        adapter.embed(&[]).await.expect("embeds"),
        Vec::<Vec<f32>>::new()
    );
    what_it_does_not_do_is_unsupported(adapter).await;
}

/// Checks the contract that [`ModelAdapter`] states, on one that reranks.
///
/// # Panics
/// With what is not as promised.
pub async fn reranking_adapter(adapter: &dyn ModelAdapter) {
    let query = "Which animal barks?";
    let documents = ["a dog", "the stock market fell again", "a dog and a cat"].map(str::to_owned);
    let scores = adapter.rerank(query, &documents).await.expect("reranks");
    assert_eq!(scores.len(), documents.len(), "a score for each document");
    for (score, document) in scores.iter().zip(&documents) {
        assert!((0.0..=1.0).contains(score), "a score is {score}");
        let document = std::slice::from_ref(document);
        let alone = adapter.rerank(query, document).await.expect("reranks");
        assert_eq!(alone.len(), 1, "a score for the document");
        let far = (score - alone[0]).abs();
        assert!(far < 1e-3, "score and document belong together: {far} away");
    }
    let none = adapter.rerank(query, &[]).await.expect("reranks nothing");
    assert!(none.is_empty(), "no score without a document");
    what_it_does_not_do_is_unsupported(adapter).await;
}

/// What an answer consists of.
struct Answer {
    text: String,
    usage: Usage,
    finish: FinishReason,
}

fn job(text: &str, max_tokens: u32) -> Job {
    Job {
        prompt: Prompt::Chat {
            messages: vec![Message::user(text)],
            tools: Vec::new(),
        },
        tool_choice: ToolChoice::Auto,
        format: AnswerFormat::Text,
        sampling: Sampling::default(),
        stop: Vec::new(),
        max_tokens: Some(max_tokens),
        ignore_end: false,
        token_ids: false,
        waiting: crate::Waiting::default(),
        cancel: CancellationToken::new(),
    }
}

async fn answer(adapter: &dyn ModelAdapter, job: Job) -> Answer {
    let mut stream = adapter.generate(job).await.expect("the model answers");
    let mut text = String::new();
    let mut usage = None;
    let mut finish = None;
    while let Some(event) = stream.next().await {
        assert!(finish.is_none(), "nothing comes after Done");
        match event.expect("no error in the middle") {
            GenerateEvent::TextDelta(delta) => {
                assert!(!delta.is_empty(), "a delta is never empty");
                assert!(usage.is_none(), "text comes before usage");
                text.push_str(&delta);
            }
            GenerateEvent::Usage(used) => assert!(usage.replace(used).is_none(), "one usage"),
            GenerateEvent::Done(reason) => finish = Some(reason),
            GenerateEvent::ReasoningDelta(thought) => {
                assert!(!thought.is_empty(), "a thought is never empty");
            }
            GenerateEvent::ToolCall(_) | GenerateEvent::Token(_) => panic!("neither was asked for"),
        }
    }
    Answer {
        text,
        usage: usage.expect("usage is told"),
        finish: finish.expect("the end is told"),
    }
}

async fn answers_end_with_usage_and_done(adapter: &dyn ModelAdapter) {
    let job = job("Hello", 32);
    let counted = adapter.count(&job.prompt).await.expect("counts");
    let answer = answer(adapter, job).await;
    if adapter.capabilities().exact_counts {
        assert_eq!(answer.usage.prompt_tokens, counted, "count and usage agree");
    }
    assert!(!answer.text.is_empty(), "there is an answer");
}

async fn answers_keep_to_their_limit(adapter: &dyn ModelAdapter) {
    let answer = answer(adapter, job("Hello", 1)).await;
    assert_eq!(answer.usage.completion_tokens, 1, "one token was allowed");
    assert_eq!(answer.finish, FinishReason::Length);
}

async fn stop_texts_end_an_answer_and_stay_out_of_it(adapter: &dyn ModelAdapter) {
    let whole = answer(adapter, job("Hello", 32)).await.text;
    let mut ends = whole.char_indices().map(|(at, _)| at).skip(1);
    let Some(middle) = ends.nth(whole.chars().count() / 3) else {
        return;
    };
    let stop: String = whole[middle..].chars().take(3).collect();
    let stopped = answer(
        adapter,
        Job {
            stop: vec![stop.clone()],
            ..job("Hello", 32)
        },
    )
    .await;
    let first = whole.find(&stop).expect("it was cut from there");
    assert_eq!(
        stopped.text,
        whole[..first],
        "the answer ends before {stop:?}"
    );
    assert_eq!(stopped.finish, FinishReason::Stop);
}

async fn loading_and_unloading_change_no_answer(adapter: &dyn ModelAdapter) {
    adapter.load().await.expect("loads");
    adapter.load().await.expect("loads again");
    let before = answer(adapter, job("Hello", 16)).await.text;
    adapter.unload().await;
    let after = answer(adapter, job("Hello", 16)).await.text;
    assert_eq!(
        before, after,
        "the same prompt has the same likeliest answer"
    );
}

async fn a_dropped_answer_frees_the_model(adapter: &dyn ModelAdapter) {
    let dropped = adapter
        .generate(job("Hello", 32))
        .await
        .expect("the model answers");
    drop(dropped);
    let next = answer(adapter, job("Hello", 4)).await;
    assert!(next.usage.completion_tokens > 0, "the next one is answered");
}

async fn a_cancelled_answer_ends(adapter: &dyn ModelAdapter) {
    let cancelled = job("Hello", 32);
    cancelled.cancel.cancel();
    let answer = answer(adapter, cancelled).await;
    assert_eq!(answer.finish, FinishReason::Cancelled);
}

async fn a_prompt_that_is_too_long_is_told_apart(adapter: &dyn ModelAdapter) {
    let context_tokens = adapter.capabilities().context_tokens;
    let words = "word ".repeat(context_tokens as usize + 1);
    let long = job(&words, 1);
    let prompt_tokens = adapter.count(&long.prompt).await.expect("counts");
    let error = adapter.generate(long).await.err().expect("it does not fit");
    let ModelErrorKind::PromptTooLong {
        prompt_tokens: told,
        context_tokens: room,
    } = *error.kind()
    else {
        panic!("{error} is not that the prompt is too long");
    };
    if adapter.capabilities().exact_counts {
        assert_eq!((told, room), (prompt_tokens, context_tokens), "both counts");
    }
}

async fn what_it_does_not_do_is_unsupported(adapter: &dyn ModelAdapter) {
    let capabilities = adapter.capabilities();
    if !capabilities.embed {
        let refused = adapter
            .embed(&["text".to_owned()])
            .await
            .expect_err("it embeds nothing");
        assert!(
            matches!(refused.kind(), ModelErrorKind::Unsupported(_)),
            "{refused}"
        );
    }
    if !capabilities.rerank {
        let documents = ["text".to_owned()];
        let refused = adapter
            .rerank("query", &documents)
            .await
            .expect_err("it reranks nothing");
        assert!(
            matches!(refused.kind(), ModelErrorKind::Unsupported(_)),
            "{refused}"
        );
    }
    if !capabilities.generate {
        let refused = adapter
            .generate(job("Hello", 1))
            .await
            .err()
            .expect("it writes nothing");
        assert!(
            matches!(refused.kind(), ModelErrorKind::Unsupported(_)),
            "{refused}"
        );
    }
}
