//! A model that a user of the library might write: it says what it was told, a word a token.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use karen_infer::{
    Capabilities, FinishReason, GenerateEvent, GenerateStream, Job, Message, ModelAdapter,
    ModelError, ModelErrorKind, ModelName, Models, Prompt, Usage,
};
use tokio_util::sync::CancellationToken;

pub(crate) const CONTEXT_TOKENS: u32 = 64;

/// Repeats, or fails as it is told to.
#[derive(Clone, Default)]
pub(crate) struct Parrot {
    pub(crate) asked: Arc<AtomicU32>,
    failure: Option<ModelErrorKind>,
    fails_inside: bool,
}

/// What an answer consists of.
pub(crate) struct Said {
    pub(crate) pieces: Vec<String>,
    pub(crate) usage: Usage,
    pub(crate) finish: FinishReason,
}

impl Parrot {
    pub(crate) fn failing(kind: ModelErrorKind) -> Self {
        Self {
            failure: Some(kind),
            ..Self::default()
        }
    }

    /// Fails after its first word.
    pub(crate) fn breaking_off() -> Self {
        Self {
            fails_inside: true,
            ..Self::default()
        }
    }

    /// How often it was asked.
    pub(crate) fn times_asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, models: &Models, name: &str) -> ModelName {
        let name = ModelName::parse(name).unwrap();
        models.register(&name, Arc::new(self.clone())).unwrap();
        name
    }
}

/// The words of a chat.
pub(crate) fn words(messages: &[Message]) -> u32 {
    let words = messages
        .iter()
        .flat_map(|message| message.content.split_whitespace());
    u32::try_from(words.count()).unwrap()
}

/// The answer to the last message: it, seven times over, up to a limit or a stop text.
pub(crate) fn say(messages: &[Message], max_tokens: Option<u32>, stop: &[String]) -> Said {
    let told = &messages.last().unwrap().content;
    let all: Vec<String> = format!("{told} ")
        .repeat(7)
        .split_inclusive(' ')
        .map(str::to_owned)
        .collect();
    let allowed = max_tokens
        .map_or(all.len(), |max| max as usize)
        .min(all.len());
    let mut finish = if allowed < all.len() {
        FinishReason::Length
    } else {
        FinishReason::Stop
    };
    let mut text = all[..allowed].concat();
    if let Some(at) = stop
        .iter()
        .filter_map(|stop| text.find(stop.as_str()))
        .min()
    {
        text.truncate(at);
        finish = FinishReason::Stop;
    }
    let pieces: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    Said {
        usage: Usage {
            prompt_tokens: words(messages),
            completion_tokens: u32::try_from(pieces.len()).unwrap(),
            cached_tokens: 0,
        },
        pieces,
        finish,
    }
}

pub(crate) fn chat(prompt: &Prompt) -> &[Message] {
    let Prompt::Chat { messages, .. } = prompt else {
        panic!("the capabilities rule text out");
    };
    messages
}

fn failed(kind: ModelErrorKind) -> ModelError {
    ModelError::new(kind, "ask", "the parrot")
}

#[async_trait]
impl ModelAdapter for Parrot {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            generate: true,
            exact_counts: true,
            context_tokens: CONTEXT_TOKENS,
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
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(kind) = &self.failure {
            return Err(failed(kind.clone()));
        }
        let messages = chat(&job.prompt);
        let prompt_tokens = words(messages);
        if prompt_tokens > CONTEXT_TOKENS {
            return Err(failed(ModelErrorKind::PromptTooLong {
                prompt_tokens,
                context_tokens: CONTEXT_TOKENS,
            }));
        }
        let said = say(messages, job.max_tokens, &job.stop);
        let texts = said
            .pieces
            .into_iter()
            .map(GenerateEvent::TextDelta)
            .map(Ok);
        if self.fails_inside {
            let broken = Err(failed(ModelErrorKind::Interrupted));
            return Ok(stream::iter(texts.take(1).chain([broken])).boxed());
        }
        Ok(until_cancelled(
            texts.collect(),
            said.usage,
            said.finish,
            job.cancel,
        ))
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        Ok(words(chat(prompt)))
    }

    async fn embed(&self, _texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Err(failed(ModelErrorKind::Unsupported(
            "it only talks".to_owned(),
        )))
    }
}

fn until_cancelled(
    texts: Vec<Result<GenerateEvent, ModelError>>,
    usage: Usage,
    finish: FinishReason,
    cancel: CancellationToken,
) -> GenerateStream {
    let cut = cancel.clone();
    let texts = stream::iter(texts).take_while(move |_| {
        let goes_on = !cut.is_cancelled();
        async move { goes_on }
    });
    let end = stream::once(async move {
        let finish = if cancel.is_cancelled() {
            FinishReason::Cancelled
        } else {
            finish
        };
        stream::iter([
            Ok(GenerateEvent::Usage(usage)),
            Ok(GenerateEvent::Done(finish)),
        ])
    });
    texts.chain(end.flatten()).boxed()
}
