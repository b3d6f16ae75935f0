//! GGUF models through llama.cpp.

mod adapter;
mod backend;
mod engine;
mod slot;

pub(crate) use adapter::LlamaAdapter;
