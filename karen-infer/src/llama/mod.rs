//! GGUF models through llama.cpp.

mod adapter;
mod backend;
mod engine;
mod slot;
mod task;

pub(crate) use adapter::LlamaAdapter;
