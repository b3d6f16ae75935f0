//! Whether the engines write the tokens that PyTorch writes, whatever form the weights have.

use std::path::{Path, PathBuf};

use futures::StreamExt;
use karen_infer::testing::{GgufModel, GgufNumbers};
use karen_infer::{CompletionRequest, GenerateEvent, Models, ModelsConfig};
use serde::{Deserialize, Serialize};

use crate::{Result, print};

#[derive(Deserialize)]
struct Goldens {
    prompts: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    prompt: String,
    greedy_ids: Vec<i32>,
}

#[derive(Serialize)]
struct Row {
    engine: &'static str,
    form: String,
    tokens: usize,
    identical_tokens: usize,
}

pub(crate) async fn run(model: &Path, goldens: &Path) -> Result<()> {
    let goldens: Goldens = serde_json::from_slice(&std::fs::read(goldens)?)?;
    let folder = tempfile::tempdir()?;
    for (engine, form, path) in forms(model, folder.path()) {
        print(&row(engine, form, &path, &goldens).await?);
    }
    Ok(())
}

/// The model as it is, and what is made of it.
fn forms(model: &Path, folder: &Path) -> Vec<(&'static str, String, PathBuf)> {
    let read = GgufModel::read(model);
    let mut forms = vec![("llama.cpp", "as given".to_owned(), model.to_owned())];
    for numbers in [GgufNumbers::F32, GgufNumbers::F16] {
        let path = folder.join(format!("{numbers:?}.gguf"));
        read.write(&path, numbers);
        forms.push(("llama.cpp", format!("{numbers:?}"), path));
    }
    for family in ["llama", "mistral", "qwen2", "phi3"] {
        let path = folder.join(family);
        read.write_folder(&path, family);
        forms.push(("candle", format!("F32, laid out as {family}"), path));
    }
    forms
}

async fn row(engine: &'static str, form: String, path: &Path, goldens: &Goldens) -> Result<Row> {
    let models = Models::open(ModelsConfig::default()).await?;
    models.add(path, None).await?;
    let (mut tokens, mut identical_tokens) = (0, 0);
    for golden in &goldens.prompts {
        let written = written(&models, golden).await?;
        tokens += golden.greedy_ids.len();
        let both = written.iter().zip(&golden.greedy_ids);
        identical_tokens += both.take_while(|(a, b)| a == b).count();
    }
    Ok(Row {
        engine,
        form,
        tokens,
        identical_tokens,
    })
}

async fn written(models: &Models, golden: &Golden) -> Result<Vec<i32>> {
    let request = CompletionRequest {
        prompt: golden.prompt.clone(),
        max_tokens: u32::try_from(golden.greedy_ids.len()).ok(),
        ignore_end: true,
        token_ids: true,
        ..CompletionRequest::default()
    };
    let mut generation = models.complete(request).await?;
    let mut ids = Vec::new();
    while let Some(event) = generation.next().await {
        if let GenerateEvent::Token(id) = event? {
            ids.push(id);
        }
    }
    Ok(ids)
}
