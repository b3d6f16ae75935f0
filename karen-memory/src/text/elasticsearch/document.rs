//! What the index holds of a user: a document for each record, one for each session, and a mark.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::stems;
use crate::text::TextChange;
use crate::{AgentId, Facets, Lifetime, MemoryError, MemoryErrorKind, RecordId, RecordKind, Scope};

/// A user in the names of documents: they are routed by it, and so lie in one shard.
pub(super) struct OwnerKey(String);

impl OwnerKey {
    pub(super) fn of(scope: &Scope) -> Self {
        let tenant = scope.tenant().as_str();
        Self(digest(&[
            &tenant.len().to_string(),
            tenant,
            scope.user().as_str(),
        ]))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn record(&self, id: &RecordId) -> String {
        format!("{}.{id}", self.0)
    }

    /// Sessions have names of any length; those of documents have not.
    pub(super) fn session(&self, name: &str) -> String {
        format!("{}.{}", self.0, digest(&[name]))
    }

    pub(super) fn mark(&self) -> String {
        self.0.clone()
    }
}

fn digest(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join(":"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record in its session.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Member {
    #[serde(rename = "record")]
    pub(super) id: RecordId,
    /// A name that no other session of the user has.
    pub(super) session: String,
    #[serde(flatten)]
    pub(super) traits: Traits,
    /// Its stems, a space between each two.
    #[serde(rename = "turn")]
    pub(super) words: String,
}

/// What filters look at, beside the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Traits {
    pub(super) at: i64,
    kind: RecordKind,
    agent: Option<AgentId>,
    tags: Vec<String>,
    source: Option<String>,
    importance: f32,
    #[serde(flatten)]
    lifetime: Lifetime,
}

impl From<Facets> for Traits {
    fn from(facets: Facets) -> Self {
        Self {
            at: facets.at,
            kind: facets.kind,
            agent: facets.agent,
            tags: facets.tags,
            source: facets.source,
            importance: facets.importance,
            lifetime: facets.lifetime,
        }
    }
}

impl Member {
    /// The record that a change is about, and what becomes of it.
    pub(super) fn of(change: TextChange) -> (RecordId, Option<Self>) {
        match change {
            TextChange::Delete(id) => (id, None),
            TextChange::Put {
                id, facets, text, ..
            } => {
                let session = match &facets.session {
                    Some(session) => session_name(session.as_str()),
                    None => format!("record:{id}"),
                };
                let member = Self {
                    id: id.clone(),
                    session,
                    traits: facets.into(),
                    words: stems(&text).join(" "),
                };
                (id, Some(member))
            }
        }
    }

    pub(super) fn read(source: &Value) -> Result<Self, MemoryError> {
        Self::deserialize(source).map_err(|error| {
            let subject = "a record of the index of words";
            MemoryError::new(MemoryErrorKind::Corrupt, "read", subject).caused_by(error)
        })
    }
}

/// The prefix keeps named sessions apart from records that are their own.
pub(super) fn session_name(session: &str) -> String {
    format!("session:{session}")
}
