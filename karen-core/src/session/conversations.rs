//! The conversations of one principal.

use karen_auth::Permission;
use karen_sql::now_ms;

use super::Session;
use crate::conversation::{Conversation, ConversationCursor, ConversationPage, MessagePage};
use crate::id::{ConversationId, MessageId, TurnId};
use crate::{Code, Error, Result};

/// Conversations on one page at most.
const CONVERSATIONS_MAX: u32 = 200;
/// Messages on one page at most.
const MESSAGES_MAX: u32 = 1000;
/// Characters of a title at most.
const TITLE_CHARS_MAX: usize = 200;

/// Everything said between one principal and Karen.
#[derive(Clone)]
pub struct Conversations {
    session: Session,
}

impl Conversations {
    pub(super) fn new(session: Session) -> Self {
        Self { session }
    }

    /// Begins a conversation without saying anything yet.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a title over 200 characters.
    pub async fn create(&self, title: &str) -> Result<Conversation> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::ConversationsWrite)?;
        check_title(title)?;
        let now = now_ms();
        let conversation = Conversation {
            id: ConversationId::fresh(),
            title: title.to_owned(),
            created_at: now,
            updated_at: now,
        };
        karen.conversations.create(scope, &conversation).await?;
        Ok(conversation)
    }

    /// Up to `limit` (1 to 200), last used first, from where the page before ended.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list(
        &self,
        after: Option<&ConversationCursor>,
        limit: u32,
    ) -> Result<ConversationPage> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::ConversationsRead)?;
        check_limit(limit, CONVERSATIONS_MAX)?;
        // One more than is shown tells whether there is another page.
        let mut found = karen.conversations.list(scope, after, limit + 1).await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        Ok(ConversationPage {
            next: found.last().filter(|_| more).map(ConversationCursor::after),
            conversations: found,
        })
    }

    /// One conversation.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get(&self, id: &ConversationId) -> Result<Conversation> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::ConversationsRead)?;
        karen
            .conversations
            .get(scope, id)
            .await?
            .ok_or_else(|| missing(id))
    }

    /// The last messages of a conversation, up to `limit` (1 to 1,000), or the last before one of
    /// them; oldest first. Nothing comes before a message of another conversation.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `INVALID_ARGUMENT`.
    pub async fn messages(
        &self,
        id: &ConversationId,
        before: Option<&MessageId>,
        limit: u32,
    ) -> Result<MessagePage> {
        check_limit(limit, MESSAGES_MAX)?;
        self.get(id).await?;
        let Session { karen, scope, .. } = &self.session;
        let store = &karen.conversations;
        let mut messages = store.messages(scope, id, before, limit + 1).await?;
        let has_earlier = messages.len() > limit as usize;
        if has_earlier {
            messages.remove(0);
        }
        Ok(MessagePage {
            messages,
            has_earlier,
        })
    }

    /// The turn that is running in a conversation, to [`resume`](Session::resume) it.
    #[must_use]
    pub fn running_turn(&self, id: &ConversationId) -> Option<TurnId> {
        let Session { karen, scope, .. } = &self.session;
        karen.live.of(scope, id).map(|live| live.turn.id.clone())
    }

    /// Renames a conversation.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`get`](Self::get).
    pub async fn rename(&self, id: &ConversationId, title: &str) -> Result<()> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::ConversationsWrite)?;
        check_title(title)?;
        let renamed = karen.conversations.rename(scope, id, title).await?;
        if renamed { Ok(()) } else { Err(missing(id)) }
    }

    /// Deletes a conversation; what was remembered of it stays until it is forgotten.
    /// `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT` while a turn is running in it.
    pub async fn delete(&self, id: &ConversationId) -> Result<bool> {
        let Session {
            karen,
            principal,
            scope,
        } = &self.session;
        principal.require(Permission::ConversationsWrite)?;
        if self.running_turn(id).is_some() {
            let message = "a turn is running in this conversation: wait for it or cancel it";
            return Err(Error::new(Code::Conflict, message));
        }
        karen.conversations.delete(scope, id).await
    }
}

fn check_limit(limit: u32, max: u32) -> Result<()> {
    if (1..=max).contains(&limit) {
        return Ok(());
    }
    let message = format!("limit is {limit}, and may be 1 to {max}");
    Err(Error::new(Code::InvalidArgument, message))
}

fn check_title(title: &str) -> Result<()> {
    if title.chars().count() <= TITLE_CHARS_MAX {
        return Ok(());
    }
    let message = format!("a title has {TITLE_CHARS_MAX} characters at most");
    Err(Error::new(Code::InvalidArgument, message))
}

fn missing(id: &ConversationId) -> Error {
    Error::new(Code::NotFound, format!("there is no conversation {id}"))
}
