//! The engine on a real model: the demonstration model, against what PyTorch says of it.
#![cfg(feature = "llama")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod fuzz;
mod hostile;
#[cfg(feature = "candle")]
mod lora;
mod prefixes;
mod quantize;
mod settings;
mod waiting;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use futures::{FutureExt, StreamExt};
use karen_infer::{
    AnswerFormat, CompletionRequest, FinishReason, GenerateEvent, GenerateRequest, Message,
    ModelErrorKind, ModelName, Models, ModelsConfig, Sampling, ToolChoice, ToolSpec, Usage,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Goldens {
    prompts: Vec<GoldenPrompt>,
    texts: Vec<GoldenText>,
}

#[derive(Deserialize)]
struct GoldenPrompt {
    prompt: String,
    messages: Vec<Message>,
    prompt_ids: Vec<i32>,
    greedy_ids: Vec<i32>,
}

#[derive(Deserialize)]
struct GoldenText {
    text: String,
    ids: Vec<i32>,
}

fn model_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/karen-demo.gguf")
}

fn goldens() -> Goldens {
    serde_json::from_str(include_str!("../../../tests/model/goldens.json")).unwrap()
}

async fn demo() -> (Models, ModelName) {
    demo_with(ModelsConfig::default()).await
}

async fn demo_with(config: ModelsConfig) -> (Models, ModelName) {
    let models = Models::open(config).await.unwrap();
    let info = models.add(&model_path(), None).await.unwrap();
    (models, info.name)
}

fn chat(text: &str) -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message::user(text)],
        ..GenerateRequest::default()
    }
}

/// Text that goes on for as long as it may.
fn endless(max_tokens: u32) -> CompletionRequest {
    CompletionRequest {
        prompt: goldens().prompts[0].prompt.clone(),
        max_tokens: Some(max_tokens),
        ignore_end: true,
        token_ids: true,
        ..CompletionRequest::default()
    }
}

async fn run(
    models: &Models,
    request: CompletionRequest,
) -> (Vec<i32>, String, Usage, FinishReason) {
    let mut generation = models.complete(request).await.unwrap();
    let (mut ids, mut text, mut usage, mut finish) = (Vec::new(), String::new(), None, None);
    while let Some(event) = generation.next().await {
        match event.unwrap() {
            GenerateEvent::Token(id) => ids.push(id),
            GenerateEvent::TextDelta(delta) => text.push_str(&delta),
            GenerateEvent::Usage(used) => usage = Some(used),
            GenerateEvent::Done(reason) => finish = Some(reason),
            other => panic!("{other:?} was not asked for"),
        }
    }
    (ids, text, usage.unwrap(), finish.unwrap())
}

#[tokio::test]
async fn greedy_tokens_are_those_of_pytorch() {
    let (models, _) = demo().await;
    let goldens = goldens();
    assert!(goldens.prompts.len() >= 8);
    for golden in goldens.prompts {
        let request = CompletionRequest {
            prompt: golden.prompt.clone(),
            ..endless(64)
        };
        let (ids, _, usage, finish) = run(&models, request).await;
        assert_eq!(ids, golden.greedy_ids, "{:?}", golden.prompt);
        assert_eq!(usage.prompt_tokens as usize, golden.prompt_ids.len());
        assert_eq!(
            (usage.completion_tokens, finish),
            (64, FinishReason::Length)
        );
    }
}

#[tokio::test]
async fn prompts_and_odd_texts_are_tokenised_as_in_pytorch() {
    let (models, name) = demo().await;
    let goldens = goldens();
    for golden in goldens.prompts {
        let counted = models
            .count_prompt(&name, &golden.messages, &[])
            .await
            .unwrap();
        assert_eq!(
            counted as usize,
            golden.prompt_ids.len(),
            "{:?}",
            golden.prompt
        );
    }
    for golden in goldens.texts {
        let counted = models.count_text(&name, &golden.text).await.unwrap();
        assert_eq!(counted as usize, golden.ids.len(), "{:?}", golden.text);
    }
}

#[tokio::test]
async fn a_prompt_that_shares_its_beginning_with_the_last_one_is_answered_the_same() {
    let (models, _) = demo().await;
    let (first, ..) = run(&models, endless(48)).await;
    let other = CompletionRequest {
        prompt: goldens().prompts[1].prompt.clone(),
        ..endless(48)
    };
    run(&models, other).await;
    let (again, ..) = run(&models, endless(48)).await;
    let (right_after, ..) = run(&models, endless(48)).await;
    assert_eq!(first, again);
    assert_eq!(first, right_after);
}

#[tokio::test]
async fn a_cancelled_or_dropped_answer_frees_the_model() {
    let (models, _) = demo().await;
    let mut cancelled = models.complete(endless(700)).await.unwrap();
    cancelled.next().await.unwrap().unwrap();
    cancelled.cancel();
    let mut last = None;
    while let Some(event) = cancelled.next().await {
        last = Some(event.unwrap());
    }
    assert_eq!(last, Some(GenerateEvent::Done(FinishReason::Cancelled)));
    drop(models.complete(endless(700)).await.unwrap());
    let (ids, ..) = run(&models, endless(8)).await;
    assert_eq!(ids.len(), 8);
}

#[tokio::test]
async fn seeds_repeat_an_answer() {
    let (models, _) = demo().await;
    let sampling = |seed| Sampling {
        temperature: 1.5,
        seed: Some(seed),
        ..Sampling::default()
    };
    let drawn = |seed| {
        run(
            &models,
            CompletionRequest {
                sampling: sampling(seed),
                ..endless(32)
            },
        )
    };
    let (first, ..) = drawn(1).await;
    let (again, ..) = drawn(1).await;
    let (other, ..) = drawn(2).await;
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn an_over_long_prompt_is_an_error_with_exact_counts() {
    let (models, name) = demo().await;
    let context_tokens = models.info(&name).unwrap().context_tokens;
    let request = chat(&"word ".repeat(2000));
    let prompt_tokens = models
        .count_prompt(&name, &request.messages, &[])
        .await
        .unwrap();
    let error = models.generate(request).await.err().unwrap();
    let expect = ModelErrorKind::PromptTooLong {
        prompt_tokens,
        context_tokens,
    };
    assert_eq!(*error.kind(), expect);
    assert!(prompt_tokens > context_tokens);
}

/// Every golden prompt at once, `times` each: all answers are PyTorch's.
async fn check_goldens_at_once(models: &Models, times: usize) {
    let goldens = goldens().prompts;
    let asked = || goldens.iter().cycle().take(goldens.len() * times);
    let answers = asked().map(|golden| {
        let prompt = golden.prompt.clone();
        run(
            models,
            CompletionRequest {
                prompt,
                ..endless(64)
            },
        )
    });
    let answers = futures::future::join_all(answers).await;
    for ((ids, ..), golden) in answers.into_iter().zip(asked()) {
        assert_eq!(ids, golden.greedy_ids, "{:?}", golden.prompt);
    }
}

#[tokio::test]
async fn answers_given_at_once_are_those_of_pytorch() {
    let (models, _) = demo().await;
    check_goldens_at_once(&models, 3).await;
}

#[tokio::test]
async fn answers_that_crowd_a_small_cache_take_turns_and_stay_right() {
    let (models, _) = demo_with(ModelsConfig {
        context_tokens: NonZeroU32::new(384),
        ..ModelsConfig::default()
    })
    .await;
    check_goldens_at_once(&models, 3).await;
}

#[tokio::test]
async fn a_prompt_is_read_from_where_it_differs_from_one_that_was_read() {
    let (models, _) = demo().await;
    let golden = &goldens().prompts[0];
    let (_, _, usage, _) = run(&models, endless(8)).await;
    assert_eq!(usage.cached_tokens, 0);
    let long = usage.prompt_tokens;
    assert_eq!(long as usize, golden.prompt_ids.len());

    // Two that begin alike, at the same time: one goes on with the sequence, the other shares it.
    let asked = |more: &str| CompletionRequest {
        prompt: format!("{}{more}", golden.prompt),
        ..endless(8)
    };
    let (one, other) = tokio::join!(run(&models, asked("A")), run(&models, asked("B")));
    for (_, _, usage, _) in [one, other] {
        assert!(usage.cached_tokens >= long - 1, "{usage:?} after {long}");
        assert!(usage.cached_tokens < usage.prompt_tokens, "{usage:?}");
    }
    let seeded = CompletionRequest {
        sampling: Sampling {
            seed: Some(1),
            ..Sampling::default()
        },
        ..endless(8)
    };
    assert_eq!(run(&models, seeded).await.2.cached_tokens, 0);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_a_longer_one() {
    let (models, _) = demo().await;
    let mut long = models.complete(endless(700)).await.unwrap();
    long.next().await.unwrap().unwrap();
    run(&models, endless(8)).await;
    let given = std::iter::from_fn(|| long.next().now_or_never().flatten());
    let is_over = given
        .map(Result::unwrap)
        .any(|e| matches!(e, GenerateEvent::Done(_)));
    assert!(!is_over, "the long one is still being given");
}

#[tokio::test]
async fn who_comes_when_the_queue_is_full_is_told_so() {
    let (models, _) = demo_with(ModelsConfig {
        parallel: NonZeroUsize::new(1),
        ..ModelsConfig::default()
    })
    .await;
    let mut given = Vec::new();
    let refused = loop {
        match models.complete(endless(700)).await {
            Ok(generation) => given.push(generation),
            Err(error) => break error,
        }
    };
    assert_eq!(*refused.kind(), ModelErrorKind::Busy);
    assert!(given.len() >= 64, "{} were taken", given.len());
    drop(given);
    // Within a step of the model there is room again.
    while let Err(error) = models.complete(endless(8)).await {
        assert_eq!(*error.kind(), ModelErrorKind::Busy);
        tokio::task::yield_now().await;
    }
}

/// The text, the calls with their arguments, and why it ended.
async fn answered(
    models: &Models,
    request: GenerateRequest,
) -> (String, Vec<(String, serde_json::Value)>, FinishReason) {
    let mut generation = models.generate(request).await.unwrap();
    let (mut text, mut calls, mut finish) = (String::new(), Vec::new(), None);
    while let Some(event) = generation.next().await {
        match event.unwrap() {
            GenerateEvent::TextDelta(delta) => text.push_str(&delta),
            GenerateEvent::ToolCall(call) => calls.push((call.name, call.arguments)),
            GenerateEvent::Done(reason) => finish = Some(reason),
            _ => {}
        }
    }
    (text, calls, finish.unwrap())
}

#[tokio::test]
async fn an_answer_keeps_to_its_schema_beside_others_that_are_free() {
    let (models, _) = demo().await;
    let schema = json!({
        "type": "object",
        "properties": { "colour": { "enum": ["red", "green"] }, "count": { "type": "integer", "minimum": 1, "maximum": 12 } },
        "required": ["colour", "count"],
        "additionalProperties": false,
    });
    let format = AnswerFormat::Schema {
        name: "thing".to_owned(),
        schema,
        strict: true,
    };
    let kept = |seed| GenerateRequest {
        format: format.clone(),
        sampling: Sampling {
            temperature: 1.0,
            seed: Some(seed),
            ..Sampling::default()
        },
        ..chat("Hello!")
    };
    let free = || answered(&models, chat("Hello!"));
    let (alone, ..) = free().await;
    for seed in 0..8 {
        let ((text, _, finish), (beside, ..)) = tokio::join!(answered(&models, kept(seed)), free());
        assert_eq!(beside, alone);
        assert_eq!(finish, FinishReason::Stop);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(
            ["red", "green"].contains(&value["colour"].as_str().unwrap()),
            "{text}"
        );
        assert!(
            (1..=12).contains(&value["count"].as_i64().unwrap()),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_must_call_a_tool_calls_it() {
    let (models, _) = demo().await;
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        description: String::new(),
        parameters: json!({
            "type": "object",
            "properties": { "city": { "enum": ["Oslo", "Rome"] } },
            "required": ["city"],
            "additionalProperties": false,
        }),
    };
    for tool_choice in [
        ToolChoice::Required,
        ToolChoice::Named("weather".to_owned()),
    ] {
        let named = tool_choice != ToolChoice::Required;
        let request = GenerateRequest {
            tools: vec![tool("time"), tool("weather")],
            tool_choice,
            ..chat("Hello!")
        };
        let (text, calls, finish) = answered(&models, request).await;
        assert_eq!((text.as_str(), finish), ("", FinishReason::ToolCalls));
        let [(name, arguments)] = calls.as_slice() else {
            panic!("{calls:?} is not one call");
        };
        assert!(name == "weather" || (name == "time" && !named), "{name}");
        assert!(["Oslo", "Rome"].contains(&arguments["city"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_kept_to_is_refused_and_harms_nobody() {
    let (models, _) = demo().await;
    let refused = |request: GenerateRequest| async {
        let error = models.generate(request).await.err().unwrap();
        assert!(
            matches!(error.kind(), ModelErrorKind::Invalid(_)),
            "{error}"
        );
    };
    refused(GenerateRequest {
        format: AnswerFormat::Regex("(".to_owned()),
        ..chat("Hello!")
    })
    .await;
    refused(GenerateRequest {
        format: AnswerFormat::Json,
        stop: vec!["}".to_owned()],
        ..chat("Hello!")
    })
    .await;
    let cut = GenerateRequest {
        format: AnswerFormat::Json,
        max_tokens: Some(1),
        ..chat("Hello!")
    };
    assert_eq!(answered(&models, cut).await.2, FinishReason::Length);
    let (ids, ..) = run(&models, endless(8)).await;
    assert_eq!(ids.len(), 8);
}

#[tokio::test]
async fn the_llama_adapter_keeps_the_contract() {
    let (models, name) = demo().await;
    karen_infer::testing::model_adapter(&*models.adapter(&name).unwrap()).await;
}
