//! GGUF models through llama.cpp.

mod adapter;
mod answer;
mod backend;
mod batcher;
mod encoder;
mod engine;
mod line;
mod memory;
mod quantize;
mod sequences;
mod states;
mod task;

pub(crate) use adapter::LlamaAdapter;
pub(crate) use encoder::EncoderAdapter;
pub(crate) use engine::EngineOptions;
pub(crate) use quantize::{perplexity, quantize};
