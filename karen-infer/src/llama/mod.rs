//! GGUF models through llama.cpp.

mod adapter;
mod answer;
mod backend;
mod batcher;
mod encoder;
mod engine;
mod line;
mod sequences;
mod task;

pub(crate) use adapter::LlamaAdapter;
pub(crate) use encoder::EncoderAdapter;
pub(crate) use engine::EngineOptions;
pub(crate) use sequences::STEP_TOKENS;
