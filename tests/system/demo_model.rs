//! The demonstration model: memory reaches the answer, on names that it never saw in training.

use karen_core::infer::{
    FinishReason, GenerateEvent, GenerateRequest, Message, Models, ModelsConfig,
};
use karen_core::{Karen, Principal};

use futures::StreamExt;
use serde_json::Value;

use crate::paths;

/// Of the questions that a recalled line answers, the share answered right at least; the file's
/// README says what was measured.
const ANSWERED_MIN: f64 = 0.8;
/// Of the questions that nothing answers, the share that it says so of at least.
const ADMITTED_MIN: f64 = 0.7;

async fn answer(models: &Models, messages: Vec<Message>) -> String {
    let request = GenerateRequest {
        messages,
        max_tokens: Some(32),
        ..GenerateRequest::default()
    };
    let mut generation = models.generate(request).await.unwrap();
    let mut text = String::new();
    while let Some(event) = generation.next().await {
        match event.unwrap() {
            GenerateEvent::TextDelta(delta) => text.push_str(&delta),
            GenerateEvent::Done(reason) => assert_ne!(reason, FinishReason::Cancelled),
            _ => {}
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_most_held_out_questions_from_the_recalled_line() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    models.add(&paths::demo_model(), None).await.unwrap();
    let cases = std::fs::read(paths::root().join("tests/model/held_out.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
    let (mut right, mut count) = ([0_u32; 2], [0_u32; 2]);
    for case in cases {
        let messages: Vec<Message> = serde_json::from_value(case["messages"].clone()).unwrap();
        let kind = usize::from(case["answerable"].as_bool().unwrap());
        let said = answer(&models, messages).await;
        right[kind] += u32::from(said.contains(case["expect"].as_str().unwrap()));
        count[kind] += 1;
    }
    let rate = |kind: usize| f64::from(right[kind]) / f64::from(count[kind]);
    println!(
        "answered {}/{}, admitted not to know {}/{}",
        right[1], count[1], right[0], count[0]
    );
    assert!(count[0] >= 100 && count[1] >= 100, "of {count:?}");
    assert!(rate(1) >= ANSWERED_MIN && rate(0) >= ADMITTED_MIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_in_one_conversation_is_recalled_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Karen::builder()
            .data_dir(folder.path())
            .model(paths::demo_model())
            .open()
    };
    let karen = open().await.unwrap();
    let session = karen.session(Principal::local());
    session
        .chat("My dog is called Biscuit.")
        .text()
        .await
        .unwrap();
    karen.close().await.unwrap();
    let karen = open().await.unwrap();
    let session = karen.session(Principal::local());
    let recalled = session.recall("What is my dog's name?").await.unwrap();
    assert_eq!(recalled[0].text, "My dog is called Biscuit.");
    let mut turn = session
        .chat("What is my dog's name?")
        .stream()
        .await
        .unwrap();
    let mut shown = false;
    while let Some(event) = turn.next().await {
        if let karen_core::TurnEvent::Recall { items } = event.unwrap().event {
            shown = items.iter().any(|item| item.text.contains("Biscuit"));
        }
    }
    assert!(
        shown,
        "the prompt of the second conversation holds the line"
    );
    karen.close().await.unwrap();
}
