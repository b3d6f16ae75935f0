//! Whether the engine writes the tokens that PyTorch writes.

use std::path::Path;

use futures::StreamExt;
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
    tokens: usize,
    identical_tokens: usize,
}

pub(crate) async fn run(model: &Path, goldens: &Path) -> Result<()> {
    let goldens: Goldens = serde_json::from_slice(&std::fs::read(goldens)?)?;
    let models = Models::open(ModelsConfig::default()).await?;
    models.add(model, None).await?;
    let mut row = Row {
        tokens: 0,
        identical_tokens: 0,
    };
    for golden in goldens.prompts {
        let written = written(&models, &golden).await?;
        row.tokens += golden.greedy_ids.len();
        row.identical_tokens += written
            .iter()
            .zip(&golden.greedy_ids)
            .take_while(|(a, b)| a == b)
            .count();
    }
    print(&row);
    Ok(())
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
