//! The conversations of one person, as a host calls them.

use karen_core::{Conversation, ConversationCursor, ConversationId, Conversations, MessageId};

use crate::{ConversationPage, Failure, MessagePage, Session};

impl Session {
    /// Begins a conversation without saying anything yet.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn create_conversation(&self, title: &str) -> Result<Conversation, Failure> {
        Ok(self.conversations()?.create(title).await?)
    }

    /// Up to `limit` conversations, last used first, from where the page before ended.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list_conversations(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ConversationPage, Failure> {
        let after = after.map(ConversationCursor::parse).transpose()?;
        let page = self.conversations()?.list(after.as_ref(), limit).await?;
        Ok(page.into())
    }

    /// One conversation.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `NOT_FOUND`.
    pub async fn conversation(&self, id: &str) -> Result<Conversation, Failure> {
        let id = ConversationId::parse(id)?;
        Ok(self.conversations()?.get(&id).await?)
    }

    /// The last `limit` messages of a conversation, or the last before one of them; oldest first.
    ///
    /// # Errors
    /// As [`conversation`](Self::conversation).
    pub async fn messages(
        &self,
        id: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<MessagePage, Failure> {
        let id = ConversationId::parse(id)?;
        let before = before.map(MessageId::parse).transpose()?;
        let conversations = self.conversations()?;
        let page = conversations.messages(&id, before.as_ref(), limit).await?;
        Ok(page.into())
    }

    /// The turn that is running in a conversation.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn running_turn(&self, id: &str) -> Result<Option<String>, Failure> {
        let id = ConversationId::parse(id)?;
        let turn = self.conversations()?.running_turn(&id);
        Ok(turn.map(|turn| turn.to_string()))
    }

    /// Renames a conversation.
    ///
    /// # Errors
    /// As [`conversation`](Self::conversation).
    pub async fn rename_conversation(&self, id: &str, title: &str) -> Result<(), Failure> {
        let id = ConversationId::parse(id)?;
        Ok(self.conversations()?.rename(&id, title).await?)
    }

    /// Deletes a conversation; `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `CONFLICT` while a turn is running in it.
    pub async fn delete_conversation(&self, id: &str) -> Result<bool, Failure> {
        let id = ConversationId::parse(id)?;
        Ok(self.conversations()?.delete(&id).await?)
    }

    fn conversations(&self) -> Result<Conversations, Failure> {
        Ok(self.core()?.conversations())
    }
}
