//! Taking over chat histories: OpenAI's export, and JSON lines.

mod jsonl;
mod openai;

use karen_auth::Permission;
use karen_sql::now_ms;

use crate::conversation::{Conversation, Message, MessageState, Remember, Role};
use crate::id::{ConversationId, MessageId};
use crate::recollection::ingest;
use crate::turn::title;
use crate::{Code, Error, Result, Session};

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Conversations that are here and were not before.
    pub conversations: u64,
    /// Messages in them.
    pub messages: u64,
    /// Conversations that had been imported before.
    pub skipped: u64,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// Conversations dealt with.
    pub done: usize,
    /// Conversations in all.
    pub all: usize,
}

/// A conversation as a file tells it.
#[derive(Debug, PartialEq)]
struct Exported {
    /// What the other system calls it; importing it again is noticed by this.
    key: String,
    title: Option<String>,
    messages: Vec<ExportedMessage>,
}

#[derive(Debug, PartialEq)]
struct ExportedMessage {
    role: Role,
    content: String,
    /// Unix milliseconds, where the file says so.
    at: Option<i64>,
}

impl Session {
    /// Takes over a chat history: OpenAI's `conversations.json`, or lines of
    /// `{"role", "content", "conversation"?, "at"?}`.
    ///
    /// Each conversation is kept whole and remembered, and importing the same file again changes
    /// nothing: an import that was cut short is simply run again.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, naming the line or conversation that cannot be read; nothing is kept
    /// then. `FORBIDDEN`, `STORAGE_FULL`.
    pub async fn import(
        &self,
        text: &str,
        mut progress: impl FnMut(ImportProgress) + Send,
    ) -> Result<Imported> {
        self.principal().require(Permission::ConversationsWrite)?;
        let exported = parse(text)?;
        self.shared()
            .admit_bytes(self.principal(), text.len())
            .await?;
        let all = exported.len();
        let mut imported = Imported::default();
        for (index, conversation) in exported.into_iter().enumerate() {
            self.keep_exported(conversation, &mut imported).await?;
            progress(ImportProgress {
                done: index + 1,
                all,
            });
        }
        Ok(imported)
    }

    async fn keep_exported(&self, exported: Exported, imported: &mut Imported) -> Result<()> {
        let (karen, scope) = (self.shared(), self.scope());
        let id = ConversationId::of_import(scope, &exported.key);
        let known = karen.conversations.get(scope, &id).await?.is_some();
        let messages = messages(&id, &exported.messages);
        if !known {
            let conversation = conversation(&id, &exported, &messages);
            karen.conversations.create(scope, &conversation).await?;
        }
        let before = karen
            .conversations
            .messages(scope, &id, None, u32::MAX)
            .await?
            .len();
        if known && before >= messages.len() {
            imported.skipped += 1;
            return Ok(());
        }
        let remember = Remember::when(karen.config.memory.remember);
        karen
            .conversations
            .append(scope, &id, &messages, remember)
            .await?;
        if remember == Remember::Due {
            ingest(karen, scope, &id, &messages).await?;
            let ids: Vec<MessageId> = messages.iter().map(|message| message.id.clone()).collect();
            karen.conversations.mark_remembered(scope, &ids).await?;
        }
        imported.conversations += 1;
        imported.messages += messages.len() as u64;
        Ok(())
    }
}

fn parse(text: &str) -> Result<Vec<Exported>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(refuse("the file is empty"));
    }
    if text.starts_with('[') {
        openai::parse(text)
    } else {
        jsonl::parse(text)
    }
}

fn conversation(id: &ConversationId, exported: &Exported, messages: &[Message]) -> Conversation {
    let first = messages.first();
    let named = exported
        .title
        .clone()
        .filter(|title| !title.trim().is_empty());
    Conversation {
        id: id.clone(),
        title: named.unwrap_or_else(|| title(first.map_or("", |m| m.content.as_str()))),
        created_at: first.map_or_else(now_ms, |message| message.created_at),
        updated_at: messages
            .last()
            .map_or_else(now_ms, |message| message.created_at),
    }
}

fn messages(conversation: &ConversationId, exported: &[ExportedMessage]) -> Vec<Message> {
    let start = now_ms();
    let numbered = exported.iter().enumerate();
    numbered
        .map(|(index, message)| Message {
            id: MessageId::of_import(conversation, index),
            turn: None,
            role: message.role,
            content: message.content.clone(),
            state: MessageState::Complete,
            model: None,
            created_at: message.at.unwrap_or(start),
        })
        .collect()
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
