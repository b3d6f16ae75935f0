//! What a model was estimated to take in memory, and what it takes once it answers.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use karen_infer::{CompletionRequest, Models, ModelsConfig};
use serde::Serialize;

use crate::memory::resident_mib;
use crate::{Result, load, print};

/// More than a step reads at once, so that all it computes with is touched.
const PROMPT_WORDS: usize = 600;

/// What is measured, and how.
#[derive(clap::Args)]
pub(crate) struct EstimateBench {
    /// A GGUF file: one a process, as memory is not given back whole.
    #[arg(long, default_value = "tests/model/karen-demo.gguf")]
    model: PathBuf,
    /// Tokens of context; the model's own, 8,192 at most, if not said.
    #[arg(long)]
    context_tokens: Option<NonZeroU32>,
}

#[derive(Serialize)]
struct Row {
    model: String,
    context_tokens: u32,
    estimate_mib: f64,
    /// Of the process, beyond what it took before the model was loaded.
    measured_mib: f64,
    /// Above 1: more was estimated than it takes.
    ratio: f64,
    load: f64,
}

impl EstimateBench {
    pub(crate) async fn run(self) -> Result<()> {
        let models = Models::open(ModelsConfig {
            context_tokens: self.context_tokens,
            ..ModelsConfig::default()
        })
        .await?;
        let info = models.add(&self.model, None).await?;
        let before = resident_mib();
        models.load(&info.name).await?;
        write(&models).await?;
        let measured_mib = resident_mib() - before;
        let estimate_mib = info.memory_bytes as f64 / f64::from(1 << 20);
        print(&Row {
            model: name(&self.model),
            context_tokens: info.context_tokens,
            estimate_mib,
            measured_mib,
            ratio: estimate_mib / measured_mib,
            load: load(),
        });
        Ok(())
    }
}

async fn write(models: &Models) -> Result<()> {
    let prompt = "dog name my the is your what called "
        .repeat(PROMPT_WORDS / 8)
        .trim_end()
        .to_owned();
    let request = CompletionRequest {
        prompt,
        max_tokens: Some(8),
        ignore_end: true,
        ..CompletionRequest::default()
    };
    let mut answer = models.complete(request).await?;
    while let Some(event) = answer.next().await {
        event?;
    }
    Ok(())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
