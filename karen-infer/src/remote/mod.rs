//! Models that somebody else runs: one HTTP client, and the wire formats of the providers.

mod adapter;
mod answer;
mod client;
mod estimate;
mod failure;
mod gemini;
mod key;
mod openai;
mod retry;
mod sse;
mod wire;

use std::sync::Arc;

use self::adapter::RemoteAdapter;
pub(crate) use self::client::Connections;
use self::gemini::GeminiWire;
use self::openai::{OpenAiWire, ResponsesWire};
use crate::{ModelAdapter, Provider, RemoteModel};

/// The adapter of a model that was validated. Nothing is asked yet.
pub(crate) fn adapter(model: RemoteModel, connections: &Arc<Connections>) -> Arc<dyn ModelAdapter> {
    match model.provider {
        Provider::OpenAi => Arc::new(RemoteAdapter::<OpenAiWire>::new(model, connections)),
        Provider::OpenAiResponses => {
            Arc::new(RemoteAdapter::<ResponsesWire>::new(model, connections))
        }
        Provider::Gemini => Arc::new(RemoteAdapter::<GeminiWire>::new(model, connections)),
    }
}
