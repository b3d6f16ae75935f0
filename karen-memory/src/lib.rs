//! A lasting memory for assistants: durable, scoped, ranked without a model.
//!
//! ```
//! use karen_memory::{Memory, MemoryConfig, MemoryError, NewRecord, Query, Scope, TenantId, UserId};
//! use karen_sql::{Database, Location};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), MemoryError> {
//! let database = Database::open(Location::Memory).await?;
//! let memory = Memory::open(MemoryConfig::new(database)).await?;
//! let scope = Scope::new(TenantId::new("default"), UserId::new("local"));
//! memory.remember(&scope, NewRecord::fact("My dog is called Biscuit.")).await?;
//! let recall = memory.recall(&scope, Query::new("What is my dog's name?")).await?;
//! assert_eq!(recall.items[0].record.text, "My dog is called Biscuit.");
//! assert_eq!(recall.items[0].why.terms, ["dog"]);
//! # Ok(())
//! # }
//! ```
//!
//! Records are kept verbatim in SQL, which is the truth; indexes of words and meanings are
//! projections of it, caught up before each recall; given a [folder](MemoryConfig::indexes), they are
//! kept between processes. It calls no model to write, opens no socket unless [`Servers`] are named,
//! and does not decide who may ask: a [`Scope`] is the caller's
//! word.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `duckdb` | [questions in SQL](Memory::ask) about all records at once | DuckDB, linked from `DUCKDB_LIB_DIR`: 70 MB |
//! | `duckdb-bundled` | the same, compiled in | a quarter of an hour to build it |
//! | `elasticsearch` | words in Elasticsearch | its client, half a minute to build |
//! | `milvus` | vectors in Milvus | a gRPC client, and `protoc` to build it |
//! | `postgres` | PostgreSQL as the truth | a dozen dependencies |
//! | `redis` | recent records of sessions in Redis or Redis Cluster | thirty dependencies |
//! | `testing` | the conformance suites of the ports, and an embedder without a model | nothing at run time; for tests only |

mod analytics;
mod backlog;
mod claim;
mod consent;
mod date;
mod document;
mod embedder;
mod error;
mod export;
mod filter;
mod health;
mod id;
mod memory;
mod novelty;
mod pack;
mod page;
mod projector;
mod recall;
mod record;
mod retention;
mod scope;
mod segments;
mod servers;
mod stats;
mod store;
mod summarizer;
mod text;
mod token_counter;
mod vector;
mod working;

#[cfg(feature = "testing")]
pub mod testing;

pub use analytics::{
    Analytics, AnalyticsStore, Answer, Batch, Breadth, Mark, RecallCount, Report, Row, RowChange,
};
#[cfg(feature = "duckdb")]
pub use analytics::{DuckDbFile, InProcessAnalytics, ParquetFolder};
pub use consent::Consent;
pub use embedder::Embedder;
pub use error::{MemoryError, MemoryErrorKind};
pub use export::{ExportPage, Exported, Imported};
pub use filter::{Facets, Filter, When};
pub use health::{Lag, ServerHealth};
pub use id::{AgentId, RecordId, SessionId, TenantId, UserId};
pub use memory::{Consolidated, Feedback, Memory, MemoryConfig};
pub use pack::Pack;
pub use page::{Cursor, Page, RecordPage};
pub use projector::Reembedding;
pub use recall::{Channel, Query, Recall, Recalled, Why};
pub use record::{Lifetime, NewRecord, Record, RecordKind, Refusal, Remembered, Turn, Usage};
pub use retention::{Cleanup, Retention, Tier};
pub use scope::Scope;
pub use servers::Servers;
pub use stats::Stats;
pub use store::{
    Change, ChangeKind, Edit, KnownEmbedder, Link, LogEntry, ProjectorTurn, RecordStore, Relation,
    Revision, SqlRecordStore, Version,
};
pub use summarizer::{Proposal, Summarizer};
#[cfg(feature = "elasticsearch")]
pub use text::{ElasticsearchConfig, ElasticsearchIndex};
pub use text::{InProcessTextIndex, Place, TextChange, TextHit, TextIndex};
pub use token_counter::{BytesPerToken, TokenCounter};
pub use vector::{FlatIndex, VectorChange, VectorIndex};
#[cfg(feature = "milvus")]
pub use vector::{MilvusConfig, MilvusIndex};
pub use working::{InProcessWorkingMemory, Lease, Recent, WorkingMemory};
#[cfg(feature = "redis")]
pub use working::{RedisConfig, RedisWorkingMemory};

/// Keeps the program of the README one that compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
