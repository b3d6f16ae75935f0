//! What a turn costs beside the model: the same stream of tokens, bare and through a session.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::StreamExt;
use karen_core::{Karen, Principal, Session};
use karen_infer::{
    Capabilities, FinishReason, GenerateEvent, GenerateStream, Job, ModelAdapter, ModelError,
    ModelErrorKind, ModelName, Prompt, Usage,
};
use serde::Serialize;

use crate::{Result, load, print, quantile};

const TOKENS: u32 = 2000;

#[derive(Serialize)]
struct Row {
    per_message_us: f64,
    per_token_us: f64,
    tokens: u32,
    runs: usize,
    load: f64,
}

/// Answers with as many tokens as are asked for, at once: what is left is Karen's own time.
pub(crate) struct Instantly;

#[async_trait]
impl ModelAdapter for Instantly {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            context_tokens: 100_000,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        Ok(())
    }

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        true
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        let tokens = job.max_tokens.unwrap_or(1);
        let deltas = (0..tokens).map(|_| Ok(GenerateEvent::TextDelta("word ".to_owned())));
        let usage = Usage {
            prompt_tokens: 1,
            completion_tokens: tokens,
            cached_tokens: 0,
        };
        let end = [
            GenerateEvent::Usage(usage),
            GenerateEvent::Done(FinishReason::Stop),
        ];
        Ok(futures::stream::iter(deltas.chain(end.map(Ok)).collect::<Vec<_>>()).boxed())
    }

    async fn count(&self, _: &Prompt) -> Result<u32, ModelError> {
        Ok(1)
    }

    async fn embed(&self, _: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let why = "it writes text only".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Unsupported(why),
            "embed with",
            "the model",
        ))
    }
}

pub(crate) async fn run(runs: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let karen = Karen::builder().data_dir(folder.path()).open().await?;
    karen
        .models()
        .register(&ModelName::parse("instantly")?, Arc::new(Instantly))?;
    let session = karen.session(Principal::local());
    through_session(&session, 1).await?;
    let (mut short, mut long, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        short.push(through_session(&session, 1).await?);
        long.push(through_session(&session, TOKENS).await?);
        bare.push(bare_loop(&karen, TOKENS).await?);
    }
    let message = quantile(&mut short, 0.5);
    let rest = quantile(&mut long, 0.5) - message - quantile(&mut bare, 0.5);
    print(&Row {
        per_message_us: message,
        per_token_us: rest / f64::from(TOKENS - 1),
        tokens: TOKENS,
        runs,
        load: load(),
    });
    karen.close().await?;
    Ok(())
}

/// Microseconds of a whole turn: durable, remembered, to the last event.
async fn through_session(session: &Session, tokens: u32) -> Result<f64> {
    let started = Instant::now();
    let mut turn = session
        .chat("How are you?")
        .max_tokens(tokens)
        .stream()
        .await?;
    while let Some(event) = turn.next().await {
        event?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6)
}

async fn bare_loop(karen: &Karen, tokens: u32) -> Result<f64> {
    let started = Instant::now();
    let request = karen_infer::GenerateRequest {
        max_tokens: Some(tokens),
        ..karen_infer::GenerateRequest::default()
    };
    let mut answer = karen.models().generate(request).await?;
    while let Some(event) = answer.next().await {
        event?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6)
}
