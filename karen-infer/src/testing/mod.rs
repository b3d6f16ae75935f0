//! What every implementation of a port must pass.

mod budget;
mod model_adapter;
mod replay;
mod response_cache;

pub use budget::budget;
pub use model_adapter::{embedding_adapter, model_adapter, reranking_adapter};
pub use replay::{ReplayServer, Reply, Requested};
pub use response_cache::response_cache;
