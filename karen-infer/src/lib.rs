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
//! It knows nothing of users, conversations or memory, and reaches the network for models of
//! providers that somebody added, and for pulls that somebody asks for.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `llama` (default) | GGUF models through llama.cpp | cmake, clang; three minutes of a first build |
//! | `candle` | encoders, rerankers and chat models as Hugging Face has them | about thirty dependencies; a minute |
//! | `cuda`, `metal` | the same on a GPU | the vendor's toolkit |
//! | `vulkan` | the same on a GPU of any maker, through llama.cpp alone | the Vulkan SDK |
//! | `dynamic-backends` | the instructions of the processor that it runs on, chosen at start | libraries beside the program |
//! | `remote` (default) | models behind OpenAI's and Gemini's APIs, and pulls | an HTTP client with TLS |
//! | `redis` | a cache of answers that instances share | a Redis client |
//! | `testing` | the conformance suites of the ports | for tests only |

#[cfg(feature = "testing")]
pub mod testing;

mod adapter;
mod budget;
mod cache;
mod caller;
#[cfg(feature = "candle")]
mod candle;
#[cfg(any(feature = "llama", feature = "candle"))]
mod constraint;
mod error;
mod estimate;
mod folder;
mod generation;
mod gguf;
mod hub;
#[cfg(feature = "llama")]
mod llama;
mod llama_settings;
mod loadable;
mod making;
mod message;
mod models;
mod name;
#[cfg(any(feature = "llama", feature = "candle"))]
mod prepare;
mod quantization;
mod registry;
#[cfg(feature = "remote")]
mod remote;
mod remote_config;
mod remote_model;
mod request;
mod route;
#[cfg(any(feature = "llama", feature = "candle"))]
mod sampler;
mod served;
mod static_adapter;
mod static_embedder;
#[cfg(any(feature = "llama", feature = "candle"))]
mod template;
#[cfg(any(feature = "llama", feature = "candle", feature = "remote"))]
mod text;
mod told;
mod waiting;
#[cfg(any(feature = "llama", feature = "candle"))]
mod writer;

pub use adapter::{Capabilities, GenerateStream, Job, ModelAdapter, Prompt};
pub use budget::{Budget, Charge};
pub use cache::{CacheKey, CachedAnswer, InProcessCache, ResponseCache, SemanticConfig};
#[cfg(feature = "redis")]
pub use cache::{RedisCache, RedisCacheConfig, RedisConfig};
pub use caller::Caller;
pub use error::{ModelError, ModelErrorKind};
pub use estimate::MemoryEstimate;
pub use generation::Generation;
pub use hub::{HubConfig, HubModel, Pull, PullEvent};
pub use llama_settings::{CacheNumbers, FlashAttention, LlamaSettings, Lora};
pub use making::{Comparison, MakeEvent, Making};
pub use message::{Image, Message, Role, ToolCall, ToolSpec};
pub use models::{ModelFormat, ModelInfo, ModelState, Models, ModelsConfig, RouteInfo, Scanned};
pub use name::ModelName;
pub use quantization::Quantization;
pub use remote_config::RemoteConfig;
pub use remote_model::{Price, Provider, RemoteModel};
pub use request::{
    AnswerFormat, CompletionRequest, FinishReason, GenerateEvent, GenerateRequest, Sampling,
    ToolChoice, Usage,
};
pub use route::{Choose, Route};
pub use served::{PassedOver, Served, Why};
pub use static_embedder::StaticEmbedder;
pub use waiting::{Priority, Waiting};
