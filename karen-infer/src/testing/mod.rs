//! What every implementation of a port must pass, and what such tests need.

mod budget;
#[cfg(feature = "candle")]
mod gguf_model;
mod model_adapter;
mod replay;
mod response_cache;

pub use budget::budget;
#[cfg(feature = "candle")]
pub use gguf_model::{GgufModel, GgufNumbers};
pub use model_adapter::{embedding_adapter, model_adapter, reranking_adapter};
pub use replay::{ReplayServer, Reply, Requested};
pub use response_cache::response_cache;
