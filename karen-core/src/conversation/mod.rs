//! Conversations and their messages.

mod page;
mod sql;
mod store;

use serde::{Deserialize, Serialize};

pub use page::{ConversationCursor, ConversationPage, MessagePage};
pub(crate) use sql::SqlConversationStore;
pub use store::{ConversationStore, Tally};

use crate::id::{ConversationId, MessageId, TurnId};

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// What a list shows; the first words said, until it is renamed.
    pub title: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds of the last message.
    pub updated_at: i64,
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The turn that it belongs to; none for an imported one.
    pub turn: Option<TurnId>,
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
    /// How complete it is.
    pub state: MessageState,
    /// The model that gave an answer.
    pub model: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// Whether memory is given what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// As soon as it can be, also after a crash.
    Due,
    /// Never.
    Never,
}

impl Remember {
    pub(crate) fn when(wanted: bool) -> Self {
        if wanted { Self::Due } else { Self::Never }
    }
}

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// Karen.
    Assistant,
}

/// How complete a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// All of it.
    Complete,
    /// What was given before somebody stopped it.
    Cancelled,
    /// What was given before the program ended.
    Interrupted,
    /// What was given before an error.
    Failed,
}

impl Role {
    /// The name kept in rows and shown to models.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Assistant]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

impl MessageState {
    const ALL: [Self; 4] = [
        Self::Complete,
        Self::Cancelled,
        Self::Interrupted,
        Self::Failed,
    ];

    /// The name kept in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
