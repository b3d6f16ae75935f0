//! From a stream into the cache, and back.

use std::sync::Arc;

use futures::{StreamExt, stream};

use super::{CacheKey, CachedAnswer, Looked, Questions, ResponseCache};
use crate::{FinishReason, GenerateEvent, GenerateStream, ModelError};

/// An answer from the cache, in the pieces that it was first given in.
pub(crate) fn replay(answer: CachedAnswer) -> GenerateStream {
    stream::iter(answer.events.into_iter().map(Ok)).boxed()
}

/// Where an answer is kept, and what finds it.
pub(crate) struct Keeping {
    pub(crate) cache: Arc<dyn ResponseCache>,
    pub(crate) key: CacheKey,
    /// The question, where answers are given to others that mean the same.
    pub(crate) question: Option<(Arc<Questions>, Looked)>,
}

/// Keeps an answer as it passes by, once it is whole: what was cancelled, withheld or broken is not
/// kept.
pub(crate) fn keep(events: GenerateStream, keeping: Keeping) -> GenerateStream {
    let mut seen = Vec::new();
    let mut keeping = Some(keeping);
    events
        .then(move |event| {
            let whole = record(&mut seen, &event);
            let whole = whole.and_then(|events| Some((events, keeping.take()?)));
            async move {
                if let Some((events, keeping)) = whole {
                    keeping.put(events).await;
                }
                event
            }
        })
        .boxed()
}

impl Keeping {
    async fn put(self, events: Vec<GenerateEvent>) {
        match self.cache.put(&self.key, CachedAnswer { events }).await {
            Ok(()) => {
                if let Some((questions, looked)) = self.question {
                    questions.add(looked, self.key);
                }
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an answer is not cached");
            }
        }
    }
}

/// Adds an event; gives all of them when it is the last of a whole answer.
fn record(
    seen: &mut Vec<GenerateEvent>,
    event: &Result<GenerateEvent, ModelError>,
) -> Option<Vec<GenerateEvent>> {
    let event = event.as_ref().ok()?;
    seen.push(event.clone());
    let GenerateEvent::Done(reason) = event else {
        return None;
    };
    let is_whole = matches!(
        reason,
        FinishReason::Stop | FinishReason::Length | FinishReason::ToolCalls
    );
    is_whole.then(|| std::mem::take(seen))
}
