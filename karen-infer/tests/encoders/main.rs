//! Encoders and rerankers as Hugging Face has them: what they compute, and what they refuse.
#![cfg(feature = "candle")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bad_folders;
mod distill;
#[cfg(feature = "llama")]
mod gguf;
mod goldens;
mod long_texts;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use karen_infer::{ModelAdapter, ModelName, Models, ModelsConfig};

/// One of the models that `tests/model/encoders.py` writes.
fn folder(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/model/encoders")
        .join(model)
}

fn name(text: &str) -> ModelName {
    ModelName::parse(text).unwrap()
}

async fn models() -> Models {
    Models::open(ModelsConfig::default()).await.unwrap()
}

async fn adapter(model: &str) -> Arc<dyn ModelAdapter> {
    let models = models().await;
    let added = models.add(&folder(model), None).await.unwrap();
    models.adapter(&added.name).unwrap()
}
