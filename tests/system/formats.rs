//! The same weights in other formats write the same tokens.

use std::process::Command;

use futures::StreamExt;
use karen_core::infer::{CompletionRequest, GenerateEvent, Models, ModelsConfig};
use serde_json::Value;

use crate::paths;

#[tokio::test(flavor = "multi_thread")]
async fn f32_and_f16_write_the_tokens_that_pytorch_writes() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(paths::python())
        .arg(paths::root().join("tests/model/variants.py"))
        .args([paths::demo_model(), folder.path().to_owned()])
        .status()
        .expect("scripts/setup.sh build test installs Python's packages");
    assert!(made.success());
    let goldens = std::fs::read(paths::root().join("tests/model/goldens.json")).unwrap();
    let goldens: Value = serde_json::from_slice(&goldens).unwrap();
    for variant in ["karen-demo.f32.gguf", "karen-demo.f16.gguf"] {
        let models = Models::open(ModelsConfig::default()).await.unwrap();
        models
            .add(&folder.path().join(variant), None)
            .await
            .unwrap();
        for golden in goldens["prompts"].as_array().unwrap() {
            let expect: Vec<i32> = serde_json::from_value(golden["greedy_ids"].clone()).unwrap();
            let prompt = golden["prompt"].as_str().unwrap();
            assert_eq!(
                greedy(&models, prompt, expect.len()).await,
                expect,
                "{variant}: {prompt}"
            );
        }
    }
    assert!(folder.path().join("hf/model.safetensors").exists());
}

async fn greedy(models: &Models, prompt: &str, tokens: usize) -> Vec<i32> {
    let request = CompletionRequest {
        prompt: prompt.to_owned(),
        max_tokens: u32::try_from(tokens).ok(),
        ignore_end: true,
        token_ids: true,
        ..CompletionRequest::default()
    };
    let mut generation = models.complete(request).await.unwrap();
    let mut ids = Vec::new();
    while let Some(event) = generation.next().await {
        if let GenerateEvent::Token(id) = event.unwrap() {
            ids.push(id);
        }
    }
    ids
}
