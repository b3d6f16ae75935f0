//! The same work through Karen's engine.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::time::Instant;

use futures::StreamExt;
use futures::future::try_join_all;
use karen_infer::{CompletionRequest, GenerateEvent, Models, ModelsConfig};

use super::{CONTEXT_TOKENS, prompt};
use crate::Result;

pub(super) struct Engine(Models);

pub(super) struct Given {
    pub(super) tokens_per_s: f64,
    pub(super) slowest_share: f64,
}

pub(super) struct FirstToken {
    pub(super) ms: f64,
    pub(super) prompt_tokens: u32,
}

impl Engine {
    pub(super) async fn open(file: &Path, threads: i32) -> Result<Self> {
        let models = Models::open(ModelsConfig {
            threads: NonZeroUsize::new(usize::try_from(threads)?),
            context_tokens: NonZeroU32::new(CONTEXT_TOKENS),
            ..ModelsConfig::default()
        })
        .await?;
        let model = models.add(file, None).await?;
        models.load(&model.name).await?;
        Ok(Self(models))
    }

    /// What all streams together write while all of them write.
    pub(super) async fn write(&self, streams: usize, tokens: u32) -> Result<Given> {
        let written = (0..streams).map(|stream| self.moments(prompt(stream), tokens));
        let written = try_join_all(written).await?;
        let ends =
            |pick: fn(&[Instant]) -> Option<&Instant>| written.iter().filter_map(move |w| pick(w));
        let from = ends(<[Instant]>::first).max().ok_or("no token")?;
        let to = ends(<[Instant]>::last).min().ok_or("no token")?;
        let within = |moments: &Vec<Instant>| {
            moments.iter().filter(|m| *m > from && *m <= to).count() as f64
        };
        let counts: Vec<f64> = written.iter().map(within).collect();
        let all: f64 = counts.iter().sum();
        let slowest = counts.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Given {
            tokens_per_s: all / (*to - *from).as_secs_f64(),
            slowest_share: slowest * streams as f64 / all,
        })
    }

    pub(super) async fn first_token(&self, text: &str) -> Result<FirstToken> {
        let started = Instant::now();
        let mut answer = self.0.complete(request(text.to_owned(), 1)).await?;
        let (mut ms, mut prompt_tokens) = (f64::NAN, 0);
        while let Some(event) = answer.next().await {
            match event? {
                GenerateEvent::Token(_) => ms = started.elapsed().as_secs_f64() * 1e3,
                GenerateEvent::Usage(usage) => prompt_tokens = usage.prompt_tokens,
                _ => {}
            }
        }
        Ok(FirstToken { ms, prompt_tokens })
    }

    /// When each token was given.
    async fn moments(&self, text: String, tokens: u32) -> Result<Vec<Instant>> {
        let mut answer = self.0.complete(request(text, tokens)).await?;
        let mut moments = Vec::new();
        while let Some(event) = answer.next().await {
            if let GenerateEvent::Token(_) = event? {
                moments.push(Instant::now());
            }
        }
        Ok(moments)
    }
}

fn request(prompt: String, tokens: u32) -> CompletionRequest {
    CompletionRequest {
        prompt,
        max_tokens: Some(tokens),
        ignore_end: true,
        token_ids: true,
        ..CompletionRequest::default()
    }
}
