//! Conversations in SQL.

use async_trait::async_trait;
use karen_sql::{Database, Dialect, SqlError, Tx};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{
    Conversation, ConversationCursor, ConversationStore, Message, MessageState, Remember, Role,
    Tally,
};
use crate::id::{ConversationId, MessageId, TurnId};
use crate::{Code, Error, Result, Scope};

const MESSAGE_COLUMNS: &str =
    "m.seq, m.id, m.turn, m.role, m.content, m.state, m.model, m.created_at";

/// [`ConversationStore`] on SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct SqlConversationStore {
    database: Database,
}

impl SqlConversationStore {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ConversationStore for SqlConversationStore {
    async fn create(&self, scope: &Scope, conversation: &Conversation) -> Result<()> {
        let of = |e| SqlError::of("create", conversation.id.as_str(), e);
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO core_conversations (id, tenant, owner, title, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(conversation.id.as_str())
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(&conversation.title)
        .bind(conversation.created_at)
        .bind(conversation.updated_at)
        .execute(&mut *tx)
        .await
        .map_err(of)?;
        Ok(tx.commit().await?)
    }

    async fn get(&self, scope: &Scope, id: &ConversationId) -> Result<Option<Conversation>> {
        let of = |e| SqlError::of("get", id.as_str(), e);
        let mut reader = self.database.read().await?;
        let row = sqlx::query(
            "SELECT id, title, created_at, updated_at FROM core_conversations
             WHERE id = $1 AND tenant = $2 AND owner = $3",
        )
        .bind(id.as_str())
        .bind(scope.tenant())
        .bind(scope.user())
        .fetch_optional(&mut *reader)
        .await
        .map_err(of)?;
        Ok(row.as_ref().map(conversation).transpose().map_err(of)?)
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&ConversationCursor>,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        let of = |e| SqlError::of("list", "conversations", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT id, title, created_at, updated_at FROM core_conversations
             WHERE tenant = $1 AND owner = $2 AND (updated_at, id) < ($3, $4)
             ORDER BY updated_at DESC, id DESC LIMIT $5",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(after.map_or(i64::MAX, |cursor| cursor.updated_at))
        .bind(after.map_or("", |cursor| cursor.id.as_str()))
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        Ok(rows
            .iter()
            .map(conversation)
            .collect::<Result<_, _>>()
            .map_err(of)?)
    }

    async fn rename(&self, scope: &Scope, id: &ConversationId, title: &str) -> Result<bool> {
        let of = |e| SqlError::of("rename", id.as_str(), e);
        let mut tx = self.database.write().await?;
        let done = sqlx::query(
            "UPDATE core_conversations SET title = $1
             WHERE id = $2 AND tenant = $3 AND owner = $4",
        )
        .bind(title)
        .bind(id.as_str())
        .bind(scope.tenant())
        .bind(scope.user())
        .execute(&mut *tx)
        .await
        .map_err(of)?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    async fn delete(&self, scope: &Scope, id: &ConversationId) -> Result<bool> {
        let of = |e| SqlError::of("delete", id.as_str(), e);
        let mut tx = self.database.write().await?;
        if !owns(&mut tx, scope, id).await? {
            return Ok(false);
        }
        sqlx::query("DELETE FROM core_turns WHERE conversation = $1")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(of)?;
        sqlx::query("DELETE FROM core_conversations WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(of)?;
        tx.commit().await?;
        Ok(true)
    }

    async fn append(
        &self,
        scope: &Scope,
        conversation: &ConversationId,
        messages: &[Message],
        remember: Remember,
    ) -> Result<()> {
        let mut tx = self.database.write().await?;
        if !owns(&mut tx, scope, conversation).await? {
            return Err(Error::new(Code::NotFound, "there is no such conversation"));
        }
        for message in messages {
            insert(&mut tx, conversation, message, remember).await?;
        }
        let newest = messages
            .iter()
            .map(|m| m.created_at)
            .max()
            .unwrap_or_default();
        touch(&mut tx, conversation, newest).await?;
        Ok(tx.commit().await?)
    }

    async fn messages(
        &self,
        scope: &Scope,
        id: &ConversationId,
        before: Option<&MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let of = |e| SqlError::of("list messages of", id.as_str(), e);
        let mut reader = self.database.read().await?;
        let sql = format!(
            "SELECT {MESSAGE_COLUMNS} FROM core_messages m
             JOIN core_conversations c ON c.id = m.conversation
             WHERE m.conversation = $1 AND c.tenant = $2 AND c.owner = $3
             AND ($4 = '' OR m.seq <
                 (SELECT seq FROM core_messages WHERE id = $4 AND conversation = $1))
             ORDER BY m.seq DESC LIMIT $5"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(scope.tenant())
            .bind(scope.user())
            .bind(before.map_or("", MessageId::as_str))
            .bind(i64::from(limit))
            .fetch_all(&mut *reader)
            .await
            .map_err(of)?;
        rows.iter().rev().map(message).collect()
    }

    async fn unremembered(&self, limit: u32) -> Result<Vec<(Scope, ConversationId, Message)>> {
        let of = |e| SqlError::of("list", "unremembered messages", e);
        let mut reader = self.database.read().await?;
        let sql = format!(
            "SELECT {MESSAGE_COLUMNS}, m.conversation, c.tenant, c.owner FROM core_messages m
             JOIN core_conversations c ON c.id = m.conversation
             WHERE m.remembered = 0 ORDER BY m.seq LIMIT $1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(i64::from(limit))
            .fetch_all(&mut *reader)
            .await
            .map_err(of)?;
        rows.iter().map(owned_message).collect()
    }

    async fn mark_remembered(&self, scope: &Scope, messages: &[MessageId]) -> Result<()> {
        let of = |e| SqlError::of("mark", "remembered messages", e);
        let mut tx = self.database.write().await?;
        for id in messages {
            sqlx::query(
                "UPDATE core_messages SET remembered = 1 WHERE id = $1 AND conversation IN
                 (SELECT id FROM core_conversations WHERE tenant = $2 AND owner = $3)",
            )
            .bind(id.as_str())
            .bind(scope.tenant())
            .bind(scope.user())
            .execute(&mut *tx)
            .await
            .map_err(of)?;
        }
        Ok(tx.commit().await?)
    }

    async fn tally(&self, scope: &Scope) -> Result<Tally> {
        let of = |e| SqlError::of("count", "conversations", e);
        let mut reader = self.database.read().await?;
        let row = sqlx::query(
            "SELECT COUNT(DISTINCT c.id) AS conversations, COUNT(m.id) AS messages
             FROM core_conversations c LEFT JOIN core_messages m ON m.conversation = c.id
             WHERE c.tenant = $1 AND c.owner = $2",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .fetch_one(&mut *reader)
        .await
        .map_err(of)?;
        let count = |column| row.try_get::<i64, _>(column).map_err(of);
        Ok(Tally {
            conversations: u64::try_from(count("conversations")?).unwrap_or_default(),
            messages: u64::try_from(count("messages")?).unwrap_or_default(),
        })
    }

    async fn erase(&self, scope: &Scope) -> Result<()> {
        let mut tx = self.database.write().await?;
        // Messages go with their conversation.
        sqlx::query("DELETE FROM core_conversations WHERE tenant = $1 AND owner = $2")
            .bind(scope.tenant())
            .bind(scope.user())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("erase", "conversations", e))?;
        Ok(tx.commit().await?)
    }

    async fn bytes(&self, tenant: &str) -> Result<u64> {
        let of = |e| SqlError::of("sum", "bytes of messages", e);
        let mut reader = self.database.read().await?;
        let sum = match self.database.dialect() {
            Dialect::Sqlite => {
                "SELECT CAST(COALESCE(SUM(LENGTH(CAST(m.content AS BLOB))), 0) AS BIGINT) AS bytes
                 FROM core_messages m JOIN core_conversations c ON c.id = m.conversation
                 WHERE c.tenant = $1"
            }
            Dialect::Postgres => {
                "SELECT CAST(COALESCE(SUM(OCTET_LENGTH(m.content)), 0) AS BIGINT) AS bytes
                 FROM core_messages m JOIN core_conversations c ON c.id = m.conversation
                 WHERE c.tenant = $1"
            }
        };
        let row = sqlx::query(sum)
            .bind(tenant)
            .fetch_one(&mut *reader)
            .await
            .map_err(of)?;
        let bytes: i64 = row.try_get("bytes").map_err(of)?;
        Ok(bytes.unsigned_abs())
    }

    async fn users(&self, tenant: &str) -> Result<Vec<String>> {
        let of = |e| SqlError::of("list", "users", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT DISTINCT owner FROM core_conversations WHERE tenant = $1 ORDER BY owner",
        )
        .bind(tenant)
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        let users = rows.iter().map(|row| row.try_get("owner"));
        Ok(users.collect::<Result<_, _>>().map_err(of)?)
    }
}

async fn owns(tx: &mut Tx, scope: &Scope, id: &ConversationId) -> Result<bool> {
    let row = sqlx::query(
        "SELECT 1 AS one FROM core_conversations WHERE id = $1 AND tenant = $2 AND owner = $3",
    )
    .bind(id.as_str())
    .bind(scope.tenant())
    .bind(scope.user())
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find", id.as_str(), e))?;
    Ok(row.is_some())
}

async fn insert(
    tx: &mut AnyConnection,
    conversation: &ConversationId,
    message: &Message,
    remember: Remember,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO core_messages
         (id, conversation, turn, role, content, state, model, created_at, remembered)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
    )
    .bind(message.id.as_str())
    .bind(conversation.as_str())
    .bind(message.turn.as_ref().map(TurnId::as_str))
    .bind(message.role.as_str())
    .bind(&message.content)
    .bind(message.state.as_str())
    .bind(message.model.as_deref())
    .bind(message.created_at)
    .bind(i64::from(remember == Remember::Never))
    .execute(tx)
    .await
    .map_err(|e| SqlError::of("append", message.id.as_str(), e))?;
    Ok(())
}

async fn touch(tx: &mut AnyConnection, id: &ConversationId, at: i64) -> Result<()> {
    sqlx::query("UPDATE core_conversations SET updated_at = $1 WHERE id = $2 AND updated_at < $1")
        .bind(at)
        .bind(id.as_str())
        .execute(tx)
        .await
        .map_err(|e| SqlError::of("touch", id.as_str(), e))?;
    Ok(())
}

fn conversation(row: &AnyRow) -> Result<Conversation, sqlx::Error> {
    Ok(Conversation {
        id: ConversationId::stored(row.try_get("id")?),
        title: row.try_get("title")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn owned_message(row: &AnyRow) -> Result<(Scope, ConversationId, Message)> {
    let of = |e| SqlError::of("read", "message", e);
    let scope = Scope::stored(
        row.try_get("tenant").map_err(of)?,
        row.try_get("owner").map_err(of)?,
    );
    let conversation = ConversationId::stored(row.try_get("conversation").map_err(of)?);
    Ok((scope, conversation, message(row)?))
}

fn message(row: &AnyRow) -> Result<Message> {
    let of = |e| SqlError::of("read", "message", e);
    let role: String = row.try_get("role").map_err(of)?;
    let state: String = row.try_get("state").map_err(of)?;
    let damaged = || {
        Error::new(
            Code::Corrupt,
            "a stored message has an unknown role or state",
        )
    };
    Ok(Message {
        id: MessageId::stored(row.try_get("id").map_err(of)?),
        turn: row
            .try_get::<Option<String>, _>("turn")
            .map_err(of)?
            .map(TurnId::stored),
        role: Role::parse(&role).ok_or_else(damaged)?,
        content: row.try_get("content").map_err(of)?,
        state: MessageState::parse(&state).ok_or_else(damaged)?,
        model: row.try_get("model").map_err(of)?,
        created_at: row.try_get("created_at").map_err(of)?,
    })
}
