//! From a stream into the cache, and back.

use std::sync::Arc;

use futures::{StreamExt, stream};

use super::{CacheKey, CachedAnswer, ResponseCache};
use crate::{FinishReason, GenerateEvent, GenerateStream, ModelError};

/// An answer from the cache, in the pieces that it was first given in.
pub(crate) fn replay(answer: CachedAnswer) -> GenerateStream {
    stream::iter(answer.events.into_iter().map(Ok)).boxed()
}

/// Keeps an answer as it passes by, once it is whole: what was cancelled, withheld or broken is not
/// kept.
pub(crate) fn keep(
    events: GenerateStream,
    cache: Arc<dyn ResponseCache>,
    key: CacheKey,
) -> GenerateStream {
    let mut seen = Vec::new();
    events
        .then(move |event| {
            let whole = record(&mut seen, &event);
            let cache = Arc::clone(&cache);
            async move {
                if let Some(events) = whole
                    && let Err(error) = cache.put(&key, CachedAnswer { events }).await
                {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "an answer is not cached"
                    );
                }
                event
            }
        })
        .boxed()
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
