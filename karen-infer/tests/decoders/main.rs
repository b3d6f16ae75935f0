//! Chat models as Hugging Face has them: the tokens that PyTorch writes, and what is refused.
#![cfg(feature = "candle")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bad_folders;
mod goldens;

use std::path::Path;

use karen_infer::testing::GgufModel;
use karen_infer::{ModelName, Models, ModelsConfig};
use tempfile::TempDir;

/// The demonstration model as a folder of a family whose layers compute the same.
fn folder(family: &str) -> TempDir {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/karen-demo.gguf");
    let folder = tempfile::tempdir().unwrap();
    GgufModel::read(&path).write_folder(folder.path(), family);
    folder
}

async fn added(folder: &Path) -> Models {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let name = ModelName::parse("demo").unwrap();
    models.add(folder, Some(&name)).await.unwrap();
    models
}
