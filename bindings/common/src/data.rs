//! What operations give, where core's own types are not plain data already.

use karen_core::memory::{ExportPage, Pack, Recall, Record, RecordPage};
use karen_core::{Conversation, EventKind, Message, auth};
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
}

/// An account as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The user's id.
    pub id: String,
    /// The tenant that it is seen from.
    pub tenant: String,
    /// What it signs in with.
    pub email: String,
    /// What the person wants to be called.
    pub name: String,
    /// The role in the tenant.
    pub role: &'static str,
    /// `active` or `disabled`.
    pub state: &'static str,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// What somebody gets who has signed in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignedIn {
    /// Opens sessions for some minutes.
    pub access: String,
    /// Fetches the next access token, once.
    pub refresh: String,
    /// Seconds that the access token is good for.
    pub expires_in: f64,
    /// Who it is.
    pub account: Account,
}

/// One device that has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInSession {
    /// Names it, to end it.
    pub id: String,
    /// What the device calls itself.
    pub device: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When it last fetched an access token, unix milliseconds.
    pub refreshed_at: i64,
    /// When it ends, unix milliseconds.
    pub expires_at: i64,
    /// Whether it is the one that is asking.
    pub is_current: bool,
}

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Names it, to revoke it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// How its text begins.
    pub prefix: String,
    /// What it allows at most, by name.
    pub permissions: Vec<&'static str>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When it was last used, unix milliseconds.
    pub last_used_at: Option<i64>,
    /// When it ends, unix milliseconds.
    pub expires_at: Option<i64>,
}

/// An API key that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its text, which is never shown again.
    pub secret: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Counts from 1 within the tenant.
    pub number: u64,
    /// Unix milliseconds.
    pub at: i64,
    /// What was done.
    pub action: &'static str,
    /// `allowed` or `refused`.
    pub outcome: &'static str,
    /// Who did it.
    pub actor: Option<String>,
    /// The id of what it was done to.
    pub subject: Option<String>,
    /// The network address that it came from.
    pub address: Option<String>,
    /// SHA-256 over the hash before it and this entry, in hex.
    pub hash: String,
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
        }
    }
}

impl From<auth::Account> for Account {
    fn from(account: auth::Account) -> Self {
        Self {
            id: account.id.to_string(),
            tenant: account.tenant.to_string(),
            email: account.email.as_str().to_owned(),
            name: account.name,
            role: account.role.as_str(),
            state: account.state.as_str(),
            created_at: account.created_at_ms,
        }
    }
}

impl From<auth::SignedIn> for SignedIn {
    fn from(signed_in: auth::SignedIn) -> Self {
        Self {
            access: signed_in.access.expose().to_owned(),
            refresh: signed_in.refresh.expose().to_owned(),
            expires_in: signed_in.expires_in.as_secs_f64(),
            account: signed_in.account.into(),
        }
    }
}

impl From<auth::SessionInfo> for SignInSession {
    fn from(session: auth::SessionInfo) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.device.name,
            created_at: session.created_at_ms,
            refreshed_at: session.refreshed_at_ms,
            expires_at: session.expires_at_ms,
            is_current: session.is_current,
        }
    }
}

impl From<auth::ApiKey> for ApiKey {
    fn from(key: auth::ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            permissions: key.permissions.iter().map(|p| p.as_str()).collect(),
            created_at: key.created_at_ms,
            last_used_at: key.last_used_at_ms,
            expires_at: key.expires_at_ms,
        }
    }
}

impl From<(auth::ApiKey, auth::ApiKeySecret)> for MadeApiKey {
    fn from((key, secret): (auth::ApiKey, auth::ApiKeySecret)) -> Self {
        Self {
            key: key.into(),
            secret: secret.expose().to_owned(),
        }
    }
}

impl From<auth::AuditEntry> for AuditEntry {
    fn from(entry: auth::AuditEntry) -> Self {
        let event = entry.event;
        Self {
            number: entry.seq,
            at: event.at_ms,
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            actor: event.actor.map(|actor| actor.to_string()),
            subject: event.subject,
            address: event.address.map(|address| address.to_string()),
            hash: entry
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}
