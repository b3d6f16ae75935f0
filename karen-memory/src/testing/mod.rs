//! The conformance suites of the ports, and an embedder that needs no model.
//!
//! Each suite panics at the first promise that is not kept. It makes its own tenants, so that it may
//! run on a store that is in use, except where it says otherwise.

mod analytics;
mod embedder;
mod filters;
mod hashed_words;
mod record_store;
mod text_index;
mod vector_index;
mod working_memory;

use serde_json::Map;
use uuid::Uuid;

pub use analytics::analytics;
pub use embedder::embedder;
pub use hashed_words::HashedWords;
pub use record_store::record_store;
pub use text_index::text_index;
pub use vector_index::vector_index;
pub use working_memory::working_memory;

use crate::{
    Facets, Lifetime, Record, RecordId, RecordKind, Scope, SessionId, TenantId, Usage, UserId,
};

/// A user, another one of the same tenant, and one of the same name in another tenant; none has
/// anything yet.
fn scopes() -> [Scope; 3] {
    let [here, there] = [(); 2].map(|()| TenantId::new(Uuid::now_v7().to_string()));
    let [ada, bob] = ["ada", "bob"].map(UserId::new);
    [
        Scope::new(here.clone(), ada.clone()),
        Scope::new(here, bob),
        Scope::new(there, ada),
    ]
}

fn scope() -> Scope {
    let [scope, ..] = scopes();
    scope
}

fn fact(text: &str, at: i64) -> Record {
    Record {
        id: RecordId::fresh(),
        kind: RecordKind::Fact,
        session: None,
        agent: None,
        speaker: "user".to_owned(),
        text: text.to_owned(),
        caption: None,
        tags: Vec::new(),
        source: None,
        at,
        importance: Record::IMPORTANCE_DEFAULT,
        pinned: false,
        lifetime: Lifetime::since(at, at),
        superseded_by: None,
        usage: Usage::default(),
        metadata: Map::new(),
    }
}

fn turn(session: &str, text: &str, at: i64) -> Record {
    Record {
        kind: RecordKind::Turn,
        session: Some(SessionId::new(session)),
        source: Some(format!("msg_{}", Uuid::now_v7().simple())),
        ..fact(text, at)
    }
}

pub(crate) fn facets(kind: RecordKind, session: Option<&str>, source: Option<&str>) -> Facets {
    Facets {
        session: session.map(SessionId::new),
        agent: None,
        kind,
        tags: Vec::new(),
        source: source.map(str::to_owned),
        at: 1,
        importance: Record::IMPORTANCE_DEFAULT,
        lifetime: Lifetime::since(1, 1),
    }
}

#[cfg(test)]
mod tests;
