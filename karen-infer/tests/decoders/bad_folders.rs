//! Folders that are damaged or of another kind: an error each that says what to mend.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use futures::StreamExt;
use karen_infer::{CompletionRequest, ModelErrorKind, Models, ModelsConfig};
use serde_json::{Value, json};

use super::{added, folder};

const WEIGHTS: &str = "model.safetensors";

fn edit(folder: &Path, file: &str, change: impl FnOnce(&mut Value)) {
    let path = folder.join(file);
    let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

fn edit_weights(folder: &Path, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
    let path = folder.join(WEIGHTS);
    let mut weights = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    change(&mut weights);
    candle_core::safetensors::save(&weights, path).unwrap();
}

/// What comes of adding the folder and asking its model.
async fn used(folder: &Path) -> ModelErrorKind {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let asked = async {
        models.add(folder, None).await?;
        let prompt = "Hello".to_owned();
        let request = CompletionRequest {
            prompt,
            max_tokens: Some(4),
            ..CompletionRequest::default()
        };
        let mut answer = models.complete(request).await?;
        while let Some(event) = answer.next().await {
            event?;
        }
        Ok::<(), karen_infer::ModelError>(())
    };
    asked.await.unwrap_err().kind().clone()
}

async fn check_load(folder: &Path, says: &str) {
    match used(folder).await {
        ModelErrorKind::Load(why) => assert!(why.contains(says), "{why:?} does not say {says:?}"),
        other => panic!("{other:?} is not that it cannot be loaded: {says}"),
    }
}

#[tokio::test]
async fn weights_that_are_missing_or_of_another_shape_are_told() {
    let gone = folder("llama");
    edit_weights(gone.path(), |weights| {
        weights.remove("model.layers.2.mlp.up_proj.weight");
    });
    check_load(gone.path(), "its weights do not fit").await;
    let other = folder("llama");
    edit(other.path(), "config.json", |config| {
        config["intermediate_size"] = json!(256);
    });
    check_load(other.path(), "its weights do not fit").await;
    let deeper = folder("qwen2");
    edit(deeper.path(), "config.json", |config| {
        config["num_hidden_layers"] = json!(5);
    });
    check_load(deeper.path(), "model.layers.4").await;
}

#[tokio::test]
async fn files_that_are_missing_or_another_models_are_told() {
    let gone = folder("llama");
    fs::remove_file(gone.path().join(WEIGHTS)).unwrap();
    let index = json!({ "weight_map": { "model.norm.weight": "one.safetensors" } });
    let path = gone.path().join("model.safetensors.index.json");
    fs::write(path, index.to_string()).unwrap();
    check_load(gone.path(), "one.safetensors").await;
    let without = folder("llama");
    fs::remove_file(without.path().join("tokenizer.json")).unwrap();
    check_load(without.path(), "tokenizer.json").await;
    let wrong = folder("llama");
    edit(wrong.path(), "tokenizer.json", |tokenizer| {
        tokenizer["model"]["vocab"]["surplus"] = json!(5000);
    });
    check_load(wrong.path(), "another model's").await;
}

#[tokio::test]
async fn what_candle_would_compute_otherwise_is_refused() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change, &str); 4] = [
        ("llama", |c| c["model_type"] = json!("mamba"), "mamba"),
        ("llama", |c| c["attention_bias"] = json!(true), "biases"),
        (
            "qwen2",
            |c| c["rope_scaling"] = json!({ "rope_type": "yarn", "factor": 4.0 }),
            "scaled by yarn",
        ),
        (
            "phi3",
            |c| c["rope_scaling"] = json!({ "type": "longrope" }),
            "scaled by longrope",
        ),
    ];
    for (family, change, says) in changes {
        let folder = folder(family);
        edit(folder.path(), "config.json", change);
        match used(folder.path()).await {
            ModelErrorKind::Unsupported(why) => assert!(why.contains(says), "{why}: {says}"),
            other => panic!("{other:?} is not that it is unsupported: {says}"),
        }
    }
}

#[tokio::test]
async fn numbers_that_are_impossible_are_told() {
    for (field, value) in [
        ("num_attention_heads", 0),
        ("num_key_value_heads", 3),
        ("vocab_size", u64::MAX),
        ("num_hidden_layers", 1 << 40),
        ("hidden_size", 255),
    ] {
        let folder = folder("llama");
        edit(folder.path(), "config.json", |config| {
            config[field] = json!(value)
        });
        assert!(
            matches!(used(folder.path()).await, ModelErrorKind::Load(_)),
            "{field}"
        );
    }
}

#[tokio::test]
async fn weights_that_compute_no_numbers_end_the_answer_and_not_the_engine() {
    let folder = folder("llama");
    edit_weights(folder.path(), |weights| {
        let norm = weights["model.norm.weight"].clone();
        weights.insert("model.norm.weight".to_owned(), (norm * f64::NAN).unwrap());
    });
    assert_eq!(used(folder.path()).await, ModelErrorKind::Internal);
    let models = added(folder.path()).await;
    for _ in 0..2 {
        let request = CompletionRequest {
            prompt: "Hello".to_owned(),
            ..CompletionRequest::default()
        };
        let last = models
            .complete(request)
            .await
            .unwrap()
            .next()
            .await
            .unwrap();
        assert_eq!(*last.unwrap_err().kind(), ModelErrorKind::Internal);
    }
}

#[tokio::test]
async fn newer_names_of_the_rotation_are_understood() {
    let folder = folder("llama");
    edit(folder.path(), "config.json", |config| {
        let theta = config.as_object_mut().unwrap().remove("rope_theta");
        config["rope_parameters"] = json!({ "rope_type": "default", "rope_theta": theta });
    });
    let models = added(folder.path()).await;
    assert!(
        models
            .complete(CompletionRequest {
                prompt: "Hello".to_owned(),
                max_tokens: Some(1),
                ..CompletionRequest::default()
            })
            .await
            .is_ok()
    );
}
