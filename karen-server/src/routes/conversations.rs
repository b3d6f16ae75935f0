//! Conversations and their messages.

use axum::http::StatusCode;
use karen_core::{Conversation, ConversationCursor, ConversationId, Message, MessageId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_conversations, create_conversation))
        .routes(routes!(
            get_conversation,
            rename_conversation,
            delete_conversation
        ))
        .routes(routes!(list_messages))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
struct ConversationBody {
    id: String,
    title: String,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds of the last message.
    updated_at: i64,
}

#[derive(Serialize, ToSchema)]
struct ConversationPage {
    data: Vec<ConversationBody>,
    /// Gets the next page; null at the end.
    next_cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ConversationsQuery {
    /// 1 to 200; 50 if absent.
    #[serde(default = "default_conversations")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: u32,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

fn default_conversations() -> u32 {
    50
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConversation {
    /// 200 characters at most; empty if absent.
    #[serde(default)]
    title: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConversationPatch {
    /// 200 characters at most.
    title: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
struct MessageBody {
    id: String,
    /// The turn it belongs to; none for an imported message.
    turn: Option<String>,
    /// `user` or `assistant`.
    role: &'static str,
    content: String,
    /// `complete`, `cancelled`, `interrupted` or `failed`.
    state: &'static str,
    /// The model that gave the answer.
    model: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
}

#[derive(Serialize, ToSchema)]
struct MessageList {
    /// Oldest first.
    data: Vec<MessageBody>,
    /// Whether others came before these: ask with the first one's id as `before`.
    has_earlier: bool,
    /// The turn that is being answered at this moment.
    running_turn: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MessagesQuery {
    /// The last so many, 1 to 1000; 200 if absent.
    #[serde(default = "default_messages")]
    #[param(default = 200, minimum = 1, maximum = 1000)]
    limit: u32,
    /// Only those before the message with this id.
    before: Option<String>,
}

fn default_messages() -> u32 {
    200
}

/// Conversations, last used first
#[utoipa::path(
    get, path = "/api/v1/conversations", tag = "conversations",
    params(ConversationsQuery),
    responses((status = 200, body = ConversationPage)),
)]
async fn list_conversations(
    Caller(session): Caller,
    Query(query): Query<ConversationsQuery>,
) -> Result<Json<ConversationPage>, Problem> {
    let after = query.cursor.as_deref().map(ConversationCursor::parse);
    let conversations = session.conversations();
    let page = conversations
        .list(after.transpose()?.as_ref(), query.limit)
        .await?;
    let data = page.conversations.into_iter().map(ConversationBody::from);
    Ok(Json(ConversationPage {
        data: data.collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// Begin a conversation without saying anything yet
#[utoipa::path(
    post, path = "/api/v1/conversations", tag = "conversations",
    responses((status = 201, body = ConversationBody)),
)]
async fn create_conversation(
    Caller(session): Caller,
    Json(new): Json<NewConversation>,
) -> Result<(StatusCode, Json<ConversationBody>), Problem> {
    let conversation = session.conversations().create(&new.title).await?;
    Ok((StatusCode::CREATED, Json(conversation.into())))
}

/// One conversation
#[utoipa::path(
    get, path = "/api/v1/conversations/{id}", tag = "conversations",
    responses((status = 200, body = ConversationBody)),
)]
async fn get_conversation(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<ConversationBody>, Problem> {
    let id = ConversationId::parse(&id)?;
    Ok(Json(session.conversations().get(&id).await?.into()))
}

/// Rename a conversation
#[utoipa::path(
    patch, path = "/api/v1/conversations/{id}", tag = "conversations",
    responses((status = 200, body = ConversationBody)),
)]
async fn rename_conversation(
    Caller(session): Caller,
    Path(id): Path<String>,
    Json(patch): Json<ConversationPatch>,
) -> Result<Json<ConversationBody>, Problem> {
    let id = ConversationId::parse(&id)?;
    let conversations = session.conversations();
    conversations.rename(&id, &patch.title).await?;
    Ok(Json(conversations.get(&id).await?.into()))
}

/// Delete a conversation; what was remembered of it stays until it is forgotten
#[utoipa::path(
    delete, path = "/api/v1/conversations/{id}", tag = "conversations",
    responses((status = 204)),
)]
async fn delete_conversation(
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = ConversationId::parse(&id)?;
    session.conversations().delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The messages of a conversation, and the turn that is running in it
#[utoipa::path(
    get, path = "/api/v1/conversations/{id}/messages", tag = "conversations",
    params(MessagesQuery),
    responses((status = 200, body = MessageList)),
)]
async fn list_messages(
    Caller(session): Caller,
    Path(id): Path<String>,
    Query(query): Query<MessagesQuery>,
) -> Result<Json<MessageList>, Problem> {
    let id = ConversationId::parse(&id)?;
    let conversations = session.conversations();
    // Asked before the messages: a turn that ends in between is then seen twice, never not at all.
    let running_turn = conversations.running_turn(&id).map(|turn| turn.to_string());
    let before = query.before.as_deref().map(MessageId::parse).transpose()?;
    let page = conversations
        .messages(&id, before.as_ref(), query.limit)
        .await?;
    Ok(Json(MessageList {
        data: page.messages.into_iter().map(MessageBody::from).collect(),
        has_earlier: page.has_earlier,
        running_turn,
    }))
}

impl From<Conversation> for ConversationBody {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            title: conversation.title,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    }
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.to_string(),
            turn: message.turn.map(|turn| turn.to_string()),
            role: message.role.as_str(),
            content: message.content,
            state: message.state.as_str(),
            model: message.model,
            created_at: message.created_at,
        }
    }
}
