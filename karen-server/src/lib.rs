//! Karen behind HTTP: the page, the API, and the means to serve them.
//!
//! ```no_run
//! use karen_core::Karen;
//! use karen_server::Server;
//!
//! #[tokio::main]
//! async fn main() -> karen_core::Result<()> {
//!     let karen = Karen::builder().data_dir("./karen-data").open().await?;
//!     let server = Server::bind(karen).await?;
//!     println!("http://{}", server.address());
//!     server.run(async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await
//! }
//! ```
//!
//! It turns requests into calls of `karen-core` and results into responses. What Karen does is
//! decided there: whatever this server can do, a Rust program can do without it.
//!
//! | feature | gives |
//! |---|---|
//! | `candle` (default) | encoders and rerankers as Hugging Face has them |
//! | `llama` (default) | GGUF models through llama.cpp |
//! | `cuda`, `metal`, `vulkan` | the same on a GPU |
//! | `dynamic-backends` | the instructions of the processor that it runs on, chosen at start |
//! | `postgres` | PostgreSQL instead of SQLite |

mod app;
mod cookie;
mod cors;
mod demo;
mod docs;
mod document;
mod entity_tag;
mod extract;
mod layer;
mod limits;
mod peer;
mod problem;
mod router;
mod routes;
mod server;
mod sse;
mod telemetry;

pub use demo::is_demo;
pub use document::openapi;
pub use layer::ACT_FOR;
pub use router::router;
pub use server::{Server, local_router};
pub use telemetry::log_to_stderr;
