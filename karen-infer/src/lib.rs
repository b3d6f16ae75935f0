//! Models inside a program: a registry, an engine, chat templates, sampling, embeddings.
//!
//! ```no_run
//! use futures::StreamExt;
//! use karen_infer::{GenerateEvent, GenerateRequest, Message, Models, ModelsConfig};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), karen_infer::ModelError> {
//! let models = Models::open(ModelsConfig::default()).await?;
//! models.add("models/some.gguf".as_ref(), None).await?;
//! let messages = vec![Message::user("Name a colour.")];
//! let request = GenerateRequest { messages, ..GenerateRequest::default() };
//! let mut answer = models.generate(request).await?;
//! while let Some(event) = answer.next().await {
//!     if let GenerateEvent::TextDelta(text) = event? { print!("{text}"); }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It knows nothing of users, conversations or memory, and reaches no network.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `llama` (default) | GGUF models through llama.cpp | cmake, clang; three minutes of a first build |
//! | `cuda`, `metal` | the same on a GPU | the vendor's toolkit |
//! | `testing` | the conformance suite of [`ModelAdapter`] | for tests only |

#[cfg(feature = "testing")]
pub mod testing;

mod adapter;
mod error;
mod generation;
mod gguf;
#[cfg(feature = "llama")]
mod llama;
mod message;
mod models;
mod name;
mod registry;
mod request;
#[cfg(feature = "llama")]
mod sampler;
mod static_adapter;
mod static_embedder;
#[cfg(feature = "llama")]
mod template;
#[cfg(feature = "llama")]
mod text;

pub use adapter::{Capabilities, GenerateStream, Job, ModelAdapter, Prompt};
pub use error::{ModelError, ModelErrorKind};
pub use generation::Generation;
pub use message::{Message, Role, ToolCall, ToolSpec};
pub use models::{ModelFormat, ModelInfo, ModelState, Models, ModelsConfig};
pub use name::ModelName;
pub use request::{
    CompletionRequest, FinishReason, GenerateEvent, GenerateRequest, Sampling, Usage,
};
pub use static_embedder::StaticEmbedder;
