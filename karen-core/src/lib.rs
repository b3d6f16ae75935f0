//! Karen: an AI assistant that fits inside a program.
//!
//! Chat with local and remote models, a memory that lasts, tools, users and tenants. With nothing configured
//! everything lives in one folder.
//!
//! ```no_run
//! use futures::StreamExt;
//! use karen_core::{Karen, Principal, TurnEvent};
//!
//! #[tokio::main]
//! async fn main() -> karen_core::Result<()> {
//!     let karen = Karen::builder().data_dir("./karen-data").open().await?;
//!     let session = karen.session(Principal::local());
//!     let mut turn = session.chat("My dog is called Biscuit.").stream().await?;
//!     while let Some(event) = turn.next().await {
//!         if let TurnEvent::Delta { text } = event?.event { print!("{text}"); }
//!     }
//!     karen.close().await
//! }
//! ```
//!
//! It opens no socket and starts no server: `karen-server` does. Its stores are reached through a
//! [`Session`], and a session is made from a [`Principal`] only.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `candle` | encoders, rerankers and chat models as Hugging Face has them | about thirty dependencies; a minute |
//! | `llama` (default) | GGUF models through llama.cpp | cmake, clang; three minutes of a first build |
//! | `cuda`, `metal` | the same on a GPU | the vendor's toolkit |
//! | `vulkan` | the same on a GPU of any maker, through llama.cpp alone | the Vulkan SDK |
//! | `dynamic-backends` | the instructions of the processor that it runs on, chosen at start | libraries beside the program |
//! | `remote` (default) | models behind OpenAI's and Gemini's APIs | an HTTP client with TLS |
//! | `breaches` | refusing passwords that breaches gave away | an HTTP client with TLS |
//! | `smtp` | mails handed over to a mail server | sixteen dependencies, TLS among them |
//! | `postgres` | PostgreSQL instead of SQLite | a dozen dependencies |
//! | `redis` | recent records and limits in Redis or Redis Cluster, and word of ended sessions | thirty dependencies |
//! | `elasticsearch` | words in Elasticsearch | its client, half a minute to build |
//! | `milvus` | meanings in Milvus | a gRPC client, and `protoc` to build it |
//! | `duckdb` | reports and questions in SQL about all memories | DuckDB, linked from `DUCKDB_LIB_DIR` |
//! | `duckdb-bundled` | the same, compiled in | a quarter of an hour |
//! | `testing` | conformance suites of the ports | for tests only |

pub mod config;
#[cfg(feature = "testing")]
pub mod testing;

mod accounts;
mod builder;
mod call;
mod caretaker;
mod conversation;
mod embedder;
mod encryption;
mod error;
mod event;
mod folder;
mod health;
mod id;
mod import;
mod instance;
mod karen;
mod models;
mod privacy;
mod recollection;
mod schema;
mod scope;
mod secrets;
mod session;
mod storage;
mod tool;
mod turn;
mod usage;

pub use builder::Builder;
pub use call::{Call, Claim};
pub use conversation::{
    Conversation, ConversationCursor, ConversationPage, ConversationStore, Message, MessagePage,
    MessageState, Remember, Role, Tally,
};
pub use error::{Code, Error, Result};
pub use event::{Event, EventBus, EventKind};
pub use folder::socket_path;
pub use health::{AnalyticsCheck, Check, Health, ServerCheck, Status};
pub use id::{ConversationId, ErasureId, MessageId, TurnId};
pub use import::{ImportProgress, Imported};
pub use karen::Karen;
pub use privacy::{Erased, Privacy, Receipt, ReceiptPage};
pub use scope::Scope;
pub use session::{
    Answering, Chat, Conversations, Inspection, Memories, RecallBuilder, RememberBuilder, Session,
    TurnRef,
};
pub use tool::{FunctionTool, Plugins, Tool, ToolError, ToolInvocation, ToolSpec};
pub use turn::{
    Finish, NumberedEvent, RecalledItem, Turn, TurnEvent, TurnFailure, TurnLog, TurnState,
    TurnStream,
};
pub use usage::{TenantUsage, Usage, UsageLedger, UsageTotal};

/// Accounts, sessions and principals, from karen-auth.
pub use karen_auth as auth;
/// Models and their engine, from karen-infer.
pub use karen_infer as infer;
/// What memory gives back, from karen-memory.
pub mod memory {
    pub use karen_memory::{
        AgentId, Answer, Breadth, ChangeKind, Channel, Cleanup, Consent, Consolidated, Cursor,
        Edit, ExportPage, Feedback, Imported, Lifetime, Link, NewRecord, Pack, Page, Query, Recall,
        Recalled, Record, RecordId, RecordKind, RecordPage, Refusal, Relation, Remembered, Report,
        Retention, SessionId, Stats, Tier, Usage, Version, When, Why,
    };
}
pub use karen_auth::{Permission, Principal};
