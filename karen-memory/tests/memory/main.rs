//! What a program that holds a `Memory` can rely on.

#[cfg(feature = "duckdb")]
mod analytics;
mod carry;
mod consolidate;
mod crash;
mod files;
mod filter;
mod forget;
mod isolation;
mod key;
mod meaning;
mod novelty;
mod pack;
mod recall;
mod recent;
mod reembed;
mod remember;
mod reopen;
mod retain;
mod revise;
mod supersede;
mod torn;
mod wishes;
mod world;

use std::path::Path;
use std::sync::Arc;

use files::files_with;
use karen_memory::testing::HashedWords;
use karen_memory::{
    Memory, MemoryConfig, Page, Query, Recall, Record, Scope, SessionId, TenantId, Turn, UserId,
};
use karen_sql::{Database, Location};

/// 2026-11-23T12:00:00Z, a Monday.
const MONDAY_NOON: i64 = 1_795_435_200_000;
const DAY_MS: i64 = 86_400_000;

async fn config(location: Location) -> MemoryConfig {
    MemoryConfig::new(Database::open(location).await.expect("opens"))
}

async fn memory() -> Memory {
    let config = config(Location::Memory).await;
    Memory::open(config).await.expect("memory")
}

/// A memory in files of `folder`, indexes too, and its database, which a test may close.
async fn memory_in(folder: &Path) -> (Memory, Database) {
    open(config_in(folder).await).await
}

/// The same, with an index of meanings beside that of words.
async fn meaningful_memory_in(folder: &Path) -> (Memory, Database) {
    let config = MemoryConfig {
        embedder: Some(Arc::new(HashedWords)),
        ..config_in(folder).await
    };
    open(config).await
}

async fn config_in(folder: &Path) -> MemoryConfig {
    MemoryConfig {
        indexes: Some(folder.join("indexes")),
        ..config(Location::File(folder.join("karen.db"))).await
    }
}

async fn open(config: MemoryConfig) -> (Memory, Database) {
    let database = config.database.clone();
    (Memory::open(config).await.expect("memory"), database)
}

fn scope(tenant: &str, user: &str) -> Scope {
    Scope::new(TenantId::new(tenant), UserId::new(user))
}

fn ada() -> Scope {
    scope("default", "ada")
}

fn turn(source_id: &str, speaker: &str, text: &str, at: i64) -> Turn {
    Turn {
        source_id: source_id.to_owned(),
        session: SessionId::new("conv_1"),
        speaker: speaker.to_owned(),
        text: text.to_owned(),
        caption: None,
        at,
    }
}

async fn recall(memory: &Memory, scope: &Scope, question: &str) -> Recall {
    let recall = memory.recall(scope, Query::new(question)).await;
    recall.expect("recall")
}

fn texts(recall: &Recall) -> Vec<&str> {
    let items = recall.items.iter();
    items.map(|item| item.record.text.as_str()).collect()
}

async fn all(memory: &Memory, scope: &Scope) -> Vec<Record> {
    let limit = Page::LIMIT_MAX;
    let page = memory
        .list(
            scope,
            Page {
                after: None,
                limit,
                ..Page::default()
            },
        )
        .await;
    page.expect("list").records
}
