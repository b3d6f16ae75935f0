//! What operations give, where core's own types are not plain data already.

use karen_core::memory::{ExportPage, Pack, Recall, Record, RecordPage};
use karen_core::{Conversation, EventKind, Message};
use serde::Serialize;

/// A part of the memories, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryPage {
    /// The memories.
    pub memories: Vec<Record>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct SearchResult {
    /// The results and why, the standing instructions, and what could not be asked.
    #[serde(flatten)]
    pub recall: Recall,
    /// Lines of a prompt, if asked for.
    pub pack: Option<PackedLines>,
}

/// Memories as lines of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackedLines {
    /// The lines.
    pub text: String,
    /// How long they are.
    pub tokens: u32,
    /// The memories in them, in their order.
    pub ids: Vec<String>,
}

/// A part of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportLines {
    /// A line of JSON for each memory.
    pub lines: Vec<String>,
    /// Where the next part starts; `None` at the end.
    pub next: Option<String>,
}

/// A part of the conversations, last used first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationPage {
    /// The conversations.
    pub conversations: Vec<Conversation>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// A part of a conversation, oldest message first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether others came before these.
    pub has_earlier: bool,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Whose data, the tenant.
    pub tenant: String,
    /// Whose data, the user.
    pub user: String,
    /// `turn_finished` or `memory_changed`.
    pub kind: &'static str,
    /// The turn that finished.
    pub turn: Option<String>,
}

/// What was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsageTotal {
    /// Turns begun.
    pub turns: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// What they cost, in millionths of the unit that prices are in.
    pub cost_micros: u64,
}

impl From<Pack> for PackedLines {
    fn from(pack: Pack) -> Self {
        let ids = pack.items.iter().map(|item| item.record.id.to_string());
        Self {
            ids: ids.collect(),
            text: pack.text,
            tokens: pack.tokens,
        }
    }
}

impl From<ExportPage> for ExportLines {
    fn from(page: ExportPage) -> Self {
        Self {
            lines: page.lines,
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<karen_core::ConversationPage> for ConversationPage {
    fn from(page: karen_core::ConversationPage) -> Self {
        Self {
            conversations: page.conversations,
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<karen_core::MessagePage> for MessagePage {
    fn from(page: karen_core::MessagePage) -> Self {
        Self {
            messages: page.messages,
            has_earlier: page.has_earlier,
        }
    }
}

impl From<RecordPage> for MemoryPage {
    fn from(page: RecordPage) -> Self {
        Self {
            memories: page.records,
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<karen_core::Event> for Event {
    fn from(event: karen_core::Event) -> Self {
        let (kind, turn) = match event.kind {
            EventKind::TurnFinished { turn } => ("turn_finished", Some(turn.to_string())),
            // Whoever listens for other news asks the stores.
            _ => ("memory_changed", None),
        };
        Self {
            tenant: event.scope.tenant().to_owned(),
            user: event.scope.user().to_owned(),
            kind,
            turn,
        }
    }
}

impl From<karen_core::UsageTotal> for UsageTotal {
    fn from(total: karen_core::UsageTotal) -> Self {
        Self {
            turns: total.turns,
            tokens: total.tokens,
            cost_micros: total.cost_micros,
        }
    }
}
