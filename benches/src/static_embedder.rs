//! Embedding short texts with a static table, on one core.

use std::path::PathBuf;
use std::time::Instant;

use futures::StreamExt;
use karen_infer::{Comparison, MakeEvent, ModelName, Models, ModelsConfig, StaticEmbedder};
use serde::Serialize;

use crate::{Result, load, print, quantile};

/// Words that texts are made of; some are none that a vocabulary has whole.
const WORDS: &[&str] = &[
    "my",
    "dog",
    "is",
    "called",
    "Biscuit",
    "the",
    "train",
    "leaves",
    "at",
    "noon",
    "she",
    "paid",
    "for",
    "two",
    "tickets",
    "remind",
    "me",
    "tomorrow",
    "morning",
    "dentist",
    "garden",
    "cactus",
    "weekly",
    "unbelievably",
    "photosynthesis",
    "Lisbon",
    "42",
    "project",
    "deadline",
    "coffee",
];
const TEXT_WORDS: usize = 8;
const TEXTS: usize = 4096;

/// What is measured, and how.
#[derive(clap::Args)]
pub(crate) struct StaticBench {
    /// The folder of an encoder, to distil one of; the built-in table if absent.
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Texts of a run.
    #[arg(long, default_value_t = 300_000)]
    texts: usize,
    /// Runs; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

#[derive(Serialize)]
struct Row {
    table: String,
    words_per_text: usize,
    texts_per_s: f64,
    /// The least cosine between texts by the table's 8 bits and by 32; of a table that is distilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosine_min: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distil_s: Option<f64>,
    load: f64,
}

impl StaticBench {
    pub(crate) async fn run(self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let started = Instant::now();
        let (embedder, table, cosine_min) = match &self.encoder {
            Some(encoder) => {
                let (path, cosine) = distil(encoder, folder.path().to_owned()).await?;
                (
                    StaticEmbedder::open(&path)?,
                    encoder.display().to_string(),
                    cosine,
                )
            }
            None => (
                StaticEmbedder::builtin()?,
                StaticEmbedder::ID.to_owned(),
                None,
            ),
        };
        let distil_s = cosine_min.map(|_| started.elapsed().as_secs_f64());
        let texts = texts();
        let mut rates: Vec<f64> = (0..self.runs)
            .map(|_| self.rate(&embedder, &texts))
            .collect();
        print(&Row {
            table,
            words_per_text: TEXT_WORDS,
            texts_per_s: quantile(&mut rates, 0.5),
            cosine_min,
            distil_s,
            load: load(),
        });
        Ok(())
    }

    fn rate(&self, embedder: &StaticEmbedder, texts: &[String]) -> f64 {
        let started = Instant::now();
        for text in texts.iter().cycle().take(self.texts) {
            std::hint::black_box(embedder.embed(&[text.as_str()]));
        }
        self.texts as f64 / started.elapsed().as_secs_f64()
    }
}

/// Different sentences, always the same.
fn texts() -> Vec<String> {
    let word =
        |text: usize, place: usize| WORDS[(text * 7 + place * (text % 11 + 3)) % WORDS.len()];
    let sentence = |text| {
        let words: Vec<&str> = (0..TEXT_WORDS).map(|place| word(text, place)).collect();
        format!("{}.", words.join(" "))
    };
    (0..TEXTS).map(sentence).collect()
}

async fn distil(encoder: &std::path::Path, folder: PathBuf) -> Result<(PathBuf, Option<f32>)> {
    let config = ModelsConfig {
        folder: Some(folder),
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await?;
    let encoder = models
        .add(encoder, Some(&ModelName::parse("encoder")?))
        .await?;
    let mut making = models.distill(encoder.name, StaticEmbedder::DIM, None);
    let (mut cosine, mut path) = (None, None);
    while let Some(event) = making.next().await {
        match event? {
            MakeEvent::Checked(Comparison::Cosine { least }) => cosine = Some(least),
            MakeEvent::Done { model } => path = model.path,
            _ => {}
        }
    }
    Ok((path.ok_or("nothing was made")?, cosine))
}
