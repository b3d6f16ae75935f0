//! The port behind which conversations are kept.

use async_trait::async_trait;

use super::{Conversation, ConversationCursor, Message, Remember};
use crate::id::{ConversationId, MessageId};
use crate::{Result, Scope};

/// Keeps conversations. Every call reaches the rows of its scope only.
///
/// What an implementation owes its callers, and [`testing::conversation_store`] checks:
/// - a call that returned `Ok` is durable, and the next call on any instance sees it;
/// - messages keep the order in which they were appended;
/// - appending a message whose id exists in the same conversation changes nothing;
/// - an id of another scope behaves as one that does not exist;
/// - [`unremembered`](ConversationStore::unremembered) lists a message that is
///   [`Due`](Remember::Due) until [`mark_remembered`](ConversationStore::mark_remembered) names it,
///   and no other.
///
/// [`testing::conversation_store`]: crate::testing::conversation_store
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Keeps a new conversation.
    async fn create(&self, scope: &Scope, conversation: &Conversation) -> Result<()>;

    /// One conversation.
    async fn get(&self, scope: &Scope, id: &ConversationId) -> Result<Option<Conversation>>;

    /// The `limit` used last, of those that follow `after` if that is given; equal times order by
    /// id, the latest first.
    async fn list(
        &self,
        scope: &Scope,
        after: Option<&ConversationCursor>,
        limit: u32,
    ) -> Result<Vec<Conversation>>;

    /// Renames; `false` if there is no such conversation.
    async fn rename(&self, scope: &Scope, id: &ConversationId, title: &str) -> Result<bool>;

    /// Deletes a conversation with its messages; `false` if there was none.
    async fn delete(&self, scope: &Scope, id: &ConversationId) -> Result<bool>;

    /// Appends messages, all or none, and moves the conversation's `updated_at`.
    ///
    /// # Errors
    /// `NOT_FOUND` if the scope has no such conversation.
    async fn append(
        &self,
        scope: &Scope,
        conversation: &ConversationId,
        messages: &[Message],
        remember: Remember,
    ) -> Result<()>;

    /// The last `limit` messages, of those before message `before` if that is given; oldest first.
    /// Nothing comes before a message that the conversation does not have.
    async fn messages(
        &self,
        scope: &Scope,
        conversation: &ConversationId,
        before: Option<&MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>>;

    /// Up to `limit` messages of any scope that memory has not been given, oldest first.
    async fn unremembered(&self, limit: u32) -> Result<Vec<(Scope, ConversationId, Message)>>;

    /// Marks messages as given to memory.
    async fn mark_remembered(&self, scope: &Scope, messages: &[MessageId]) -> Result<()>;

    /// How much the scope has.
    async fn tally(&self, scope: &Scope) -> Result<Tally>;

    /// Deletes every conversation of the scope.
    async fn erase(&self, scope: &Scope) -> Result<()>;

    /// How many bytes the words of all messages of a tenant take, as UTF-8. It looks at every message.
    async fn bytes(&self, tenant: &str) -> Result<u64>;

    /// The users of a tenant that have conversations, ordered by id: how a tenant is carried elsewhere
    /// or erased, user by user.
    async fn users(&self, tenant: &str) -> Result<Vec<String>>;
}

/// How much somebody has said and been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Conversations.
    pub conversations: u64,
    /// Messages in them.
    pub messages: u64,
}
