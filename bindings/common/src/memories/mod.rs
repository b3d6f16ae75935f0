//! What is remembered for one person, as a host calls it.

mod analyse;
mod options;

use karen_core::memory::{
    Cleanup, Consent, Consolidated, Cursor, Feedback, Imported, Page, Record, Remembered,
    Retention, Stats,
};
use karen_core::{ConversationId, Inspection, Memories};

pub use options::{NoteOptions, Patch, SearchOptions};

use crate::{ExportLines, Failure, MemoryPage, SearchResult, Session};

impl Session {
    /// Remembers something; the next recall finds it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `TOO_LARGE`, `STORAGE_FULL`, `CONFLICT` for an idempotency key
    /// that something else was written with.
    pub async fn remember(
        &self,
        text: String,
        options: NoteOptions,
    ) -> Result<Remembered, Failure> {
        let memories = self.memories(options.conversation.as_deref())?;
        Ok(memories.remember(options.record(text)).await?)
    }

    /// Remembers many things of one conversation or of none, all or none of those that are news.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_all(
        &self,
        notes: Vec<(String, NoteOptions)>,
        conversation: Option<&str>,
    ) -> Result<Vec<Remembered>, Failure> {
        if notes.iter().any(|(_, note)| note.conversation.is_some()) {
            let text = "notes written at once belong to one conversation: name it for all of them";
            return Err(Failure::invalid(text));
        }
        let records = notes.into_iter().map(|(text, note)| note.record(text));
        let memories = self.memories(conversation)?;
        Ok(memories.remember_all(records.collect()).await?)
    }

    /// A page of memories, newest first; `after` is what the page before gave as `next`.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list_memories(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<MemoryPage, Failure> {
        let page = self.memories(None)?.list(page(after, limit)?).await?;
        Ok(page.into())
    }

    /// One memory.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `NOT_FOUND`.
    pub async fn memory(&self, id: &str) -> Result<Record, Failure> {
        Ok(self.memories(None)?.get(id).await?)
    }

    /// One memory, what it was, and what it has to do with others.
    ///
    /// # Errors
    /// As [`memory`](Self::memory).
    pub async fn inspect_memory(&self, id: &str) -> Result<Inspection, Failure> {
        Ok(self.memories(None)?.inspect(id).await?)
    }

    /// What matters most to a question, and why.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn search_memories(
        &self,
        query: String,
        options: SearchOptions,
    ) -> Result<SearchResult, Failure> {
        let memories = self.memories(options.conversation.as_deref())?;
        let pack_tokens = options.pack_tokens;
        let recall = memories.search(options.query(query)).await?;
        let pack = pack_tokens.map(|tokens| memories.pack(&recall, tokens).into());
        Ok(SearchResult { recall, pack })
    }

    /// Corrects a memory; gives what it has become.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn update_memory(&self, id: &str, patch: Patch) -> Result<Record, Failure> {
        Ok(self.memories(None)?.update(id, patch.into()).await?)
    }

    /// Learns from what somebody thinks of a memory; gives what it has become.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn memory_feedback(&self, id: &str, feedback: Feedback) -> Result<Record, Failure> {
        Ok(self.memories(None)?.feedback(id, feedback).await?)
    }

    /// Brings a memory back from where cleaning up put it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn restore_memory(&self, id: &str) -> Result<Record, Failure> {
        Ok(self.memories(None)?.restore(id).await?)
    }

    /// Forgets everything; gives how much that was.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn forget_all(&self) -> Result<u64, Failure> {
        Ok(self.memories(None)?.forget_all().await?)
    }

    /// Erases everything that memory holds, decisions too; gives how many memories that were.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn erase_memory(&self) -> Result<u64, Failure> {
        Ok(self.memories(None)?.erase().await?)
    }

    /// How much is remembered.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn memory_stats(&self) -> Result<Stats, Failure> {
        Ok(self.memories(None)?.stats().await?)
    }

    /// Whether anything may be remembered; of a conversation, whether what is said in it may.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn consent(&self, conversation: Option<&str>) -> Result<bool, Failure> {
        let consent = self.memories(conversation)?.consent().await?;
        Ok(consent == Consent::Remember)
    }

    /// Decides that from now on.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn set_consent(
        &self,
        remember: bool,
        conversation: Option<&str>,
    ) -> Result<(), Failure> {
        let consent = match remember {
            true => Consent::Remember,
            false => Consent::DoNotRemember,
        };
        Ok(self.memories(conversation)?.set_consent(consent).await?)
    }

    /// How long memories are kept.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn retention(&self) -> Result<Retention, Failure> {
        Ok(self.memories(None)?.retention().await?)
    }

    /// Decides that; cleaning up acts on it.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn set_retention(&self, retention: Retention) -> Result<(), Failure> {
        Ok(self.memories(None)?.set_retention(retention).await?)
    }

    /// Puts away what is kept no longer, and forgets what has been away for long enough.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn clean_up_memory(&self) -> Result<Cleanup, Failure> {
        Ok(self.memories(None)?.clean_up().await?)
    }

    /// Adds what the notes since the last time have in common.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn consolidate_memory(&self) -> Result<Consolidated, Failure> {
        Ok(self.memories(None)?.consolidate().await?)
    }

    /// A page of memories as lines of JSON, with everything that became of them.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn export_memories(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportLines, Failure> {
        let page = self.memories(None)?.export(page(after, limit)?).await?;
        Ok(page.into())
    }

    /// Keeps what [`export_memories`](Self::export_memories) gave, all or nothing of these lines.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a line that no export gave.
    pub async fn import_memories(&self, lines: Vec<String>) -> Result<Imported, Failure> {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        Ok(self.memories(None)?.import(&lines).await?)
    }

    fn memories(&self, conversation: Option<&str>) -> Result<Memories, Failure> {
        let memories = self.core()?.memories();
        Ok(match conversation {
            Some(id) => memories.of_conversation(ConversationId::parse(id)?),
            None => memories,
        })
    }
}

fn page(after: Option<&str>, limit: u32) -> Result<Page, Failure> {
    let after = after.map(Cursor::parse).transpose();
    Ok(Page {
        after: after.map_err(karen_core::Error::from)?,
        limit,
        ..Page::default()
    })
}
