//! A model that says what the test wants, when the test wants it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{StreamExt, once, unfold};
use karen_core::Karen;
use karen_core::infer::{
    Capabilities, FinishReason, GenerateEvent, GenerateStream, Job, ModelAdapter, ModelError,
    ModelErrorKind, ModelName, Prompt, Usage,
};
use tokio::sync::{Semaphore, watch};

/// Says its pieces one by one, each when the gate lets it.
pub(crate) struct Scripted {
    pieces: &'static [&'static str],
    gate: Arc<Semaphore>,
    cancelled: watch::Sender<bool>,
}

/// The test's side of a [`Scripted`] model.
pub(crate) struct Script {
    gate: Arc<Semaphore>,
    pub(crate) cancelled: watch::Receiver<bool>,
}

impl Script {
    /// Lets so many more pieces out.
    pub(crate) fn let_out(&self, pieces: usize) {
        self.gate.add_permits(pieces);
    }
}

/// Adds the model `scripted`; nothing is said until [`Script::let_out`].
pub(crate) fn add(karen: &Karen, pieces: &'static [&'static str]) -> Script {
    let gate = Arc::new(Semaphore::new(0));
    let (cancelled, seen) = watch::channel(false);
    let model = Scripted {
        pieces,
        gate: Arc::clone(&gate),
        cancelled,
    };
    let name = ModelName::parse("scripted").expect("name");
    karen
        .models()
        .register(&name, Arc::new(model))
        .expect("registered");
    Script {
        gate,
        cancelled: seen,
    }
}

/// Adds the model `scripted`, which answers at once.
pub(crate) fn add_free(karen: &Karen, pieces: &'static [&'static str]) {
    add(karen, pieces).let_out(Semaphore::MAX_PERMITS / 2);
}

#[async_trait]
impl ModelAdapter for Scripted {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            context_tokens: 4096,
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
        let (gate, cancel, cancelled) = (
            Arc::clone(&self.gate),
            job.cancel.clone(),
            self.cancelled.clone(),
        );
        // Seen also when the stream is dropped, as it is when a client goes away.
        tokio::spawn(async move {
            job.cancel.cancelled().await;
            cancelled.send_replace(true);
        });
        let until = cancel.clone();
        let said = unfold(self.pieces.iter(), move |mut pieces| {
            let (gate, until) = (Arc::clone(&gate), until.clone());
            async move {
                let piece = pieces.next()?;
                tokio::select! {
                    biased;
                    () = until.cancelled() => None,
                    permit = gate.acquire() => {
                        permit.expect("open").forget();
                        Some((Ok(GenerateEvent::TextDelta((*piece).to_owned())), pieces))
                    }
                }
            }
        });
        let completion_tokens = u32::try_from(self.pieces.len()).expect("few");
        let usage = GenerateEvent::Usage(Usage {
            prompt_tokens: 7,
            completion_tokens,
            cached_tokens: 0,
        });
        let end = async move {
            let cut = cancel.is_cancelled();
            Ok(GenerateEvent::Done(if cut {
                FinishReason::Cancelled
            } else {
                FinishReason::Stop
            }))
        };
        Ok(said
            .chain(once(async { Ok(usage) }))
            .chain(once(end))
            .boxed())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        Ok(match prompt {
            Prompt::Chat { messages, .. } => u32::try_from(messages.len()).expect("few"),
            Prompt::Text(text) => u32::try_from(text.len()).expect("short"),
        })
    }

    async fn embed(&self, _texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let why = "it writes".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Unsupported(why),
            "embed with",
            "scripted",
        ))
    }
}
