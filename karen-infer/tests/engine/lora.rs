//! Adapters of a model's weights.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use karen_infer::{LlamaSettings, Lora, ModelErrorKind, Models, ModelsConfig};

use super::{demo_with, endless, model_path, run};

const RANK: usize = 4;

/// An adapter that adds to one matrix, the outer product of ones, of this size.
fn adapter(folder: &Path, size: f64) -> PathBuf {
    let path = folder.join("adapter.gguf");
    let ones = |shape: (usize, usize), size: f64| {
        let tensor = Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap();
        QTensor::quantize(&(tensor * size).unwrap(), GgmlDType::F32).unwrap()
    };
    let text = |text: &str| Value::String(text.to_owned());
    let metadata = BTreeMap::from([
        ("general.type", text("adapter")),
        ("general.architecture", text("llama")),
        ("adapter.type", text("lora")),
        ("adapter.lora.alpha", Value::F32(RANK as f32)),
    ]);
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let (a, b) = (ones((RANK, 512), 1.0), ones((256, RANK), size));
    let tensors = [
        ("blk.0.ffn_down.weight.lora_a", &a),
        ("blk.0.ffn_down.weight.lora_b", &b),
    ];
    write(&mut File::create(&path).unwrap(), &metadata, &tensors).unwrap();
    path
}

async fn with(path: PathBuf, scale: f32) -> Models {
    let llama = LlamaSettings {
        lora: Some(Lora { path, scale }),
        ..LlamaSettings::default()
    };
    let config = ModelsConfig {
        llama,
        ..ModelsConfig::default()
    };
    demo_with(config).await.0
}

#[tokio::test]
async fn an_adapter_changes_answers_as_much_as_its_scale_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = adapter(folder.path(), 0.05);
    let (plain, ..) = run(&demo_with(ModelsConfig::default()).await.0, endless(32)).await;
    let (none, ..) = run(&with(path.clone(), 0.0).await, endless(32)).await;
    let (changed, ..) = run(&with(path, 1.0).await, endless(32)).await;
    assert_eq!(plain, none);
    assert_ne!(plain, changed);
}

#[tokio::test]
async fn what_is_no_adapter_or_damaged_is_refused_when_the_model_loads() {
    let folder = tempfile::tempdir().unwrap();
    let cut = adapter(folder.path(), 1.0);
    File::options()
        .write(true)
        .open(&cut)
        .unwrap()
        .set_len(300)
        .unwrap();
    for (path, says) in [(cut, "cut short"), (model_path(), "no adapter")] {
        let models = with(path, 1.0).await;
        let error = models.complete(endless(4)).await.err().unwrap();
        let ModelErrorKind::Load(why) = error.kind() else {
            panic!("{error:?} is not that it cannot be loaded");
        };
        assert!(why.contains(says), "{why:?} does not say {says:?}");
    }
}
