//! Lists of conversations and of messages, a page at a time.

use std::fmt;

use super::{Conversation, Message};
use crate::id::ConversationId;
use crate::{Code, Error};

/// A part of the conversations, last used first; equal times order by id, the latest first.
#[derive(Clone, Debug)]
pub struct ConversationPage {
    /// The conversations.
    pub conversations: Vec<Conversation>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<ConversationCursor>,
}

/// A part of a conversation, oldest message first.
#[derive(Clone, Debug)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether others came before these.
    pub has_earlier: bool,
}

/// A place in the list of conversations. Its text is opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationCursor {
    /// The last use of the conversation that the page before ended with, unix milliseconds.
    pub(crate) updated_at: i64,
    /// Its id.
    pub(crate) id: ConversationId,
}

impl ConversationCursor {
    /// The place after a conversation.
    #[must_use]
    pub fn after(conversation: &Conversation) -> Self {
        Self {
            updated_at: conversation.updated_at,
            id: conversation.id.clone(),
        }
    }

    /// Reads a cursor that a page gave.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if no page gave it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let read =
            |(at, id): (&str, &str)| Some((at.parse().ok()?, ConversationId::parse(id).ok()?));
        match text.split_once('.').and_then(read) {
            Some((updated_at, id)) => Ok(Self { updated_at, id }),
            None => Err(Error::new(
                Code::InvalidArgument,
                "the cursor is none that a page of conversations gave",
            )),
        }
    }
}

impl fmt::Display for ConversationCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.updated_at, self.id)
    }
}
