//! What is remembered for one principal.

mod analyse;
mod carry;
mod change;
mod recall;
mod wishes;

use karen_auth::Permission;
use karen_memory::{
    Link, Memory, Pack, Page, Query, Recall, Record, RecordId, RecordPage, SessionId, Stats,
    Version,
};
use serde::Serialize;

pub use recall::RecallBuilder;

use super::Session;
use crate::event::EventKind;
use crate::id::ConversationId;
use crate::{Code, Error, Result};

/// Everything that is remembered for one principal, or what belongs to one conversation.
#[derive(Clone)]
pub struct Memories {
    session: Session,
    conversation: Option<ConversationId>,
}

/// A memory with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What it is now.
    pub record: Record,
    /// What it was before each of its changes, oldest first.
    pub history: Vec<Version>,
    /// What it says of others, and others of it.
    pub links: Vec<Link>,
}

impl Memories {
    /// Results of a search at most.
    pub const LIMIT_MAX: usize = 200;
    /// The best results that a search passes over at most.
    pub const SKIP_MAX: usize = 1000;

    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            conversation: None,
        }
    }

    /// Only what belongs to a conversation: what is written belongs to it, and nothing else is found,
    /// changed or forgotten.
    #[must_use]
    pub fn of_conversation(mut self, id: ConversationId) -> Self {
        self.conversation = Some(id);
        self
    }

    /// A page, newest first.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a limit outside 1 to [`Page::LIMIT_MAX`].
    pub async fn list(&self, page: Page) -> Result<RecordPage> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(memory.list(&scope, page).await?)
    }

    /// One memory.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get(&self, id: &str) -> Result<Record> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        found(memory.get(&scope, &RecordId::parse(id)?).await?, id)
    }

    /// One memory, what it was, and what it has to do with others.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn inspect(&self, id: &str) -> Result<Inspection> {
        let record = self.get(id).await?;
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(Inspection {
            history: memory.history(&scope, &record.id).await?,
            links: memory.links(&scope, &record.id).await?,
            record,
        })
    }

    /// What matters most to a question, and why; [`Session::recall`] is shorter for the usual case.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for limits outside those of this type.
    pub async fn search(&self, query: Query) -> Result<Recall> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        let places = query.places();
        within("limit", places.len(), 1, Self::LIMIT_MAX)?;
        within("skip", places.start, 0, Self::SKIP_MAX)?;
        Ok(memory.recall(&scope, query).await?)
    }

    /// What was recalled as lines of a prompt, of so many tokens at most.
    #[must_use]
    pub fn pack(&self, recall: &Recall, tokens_max: u32) -> Pack {
        self.session.karen.memory.pack(recall, tokens_max)
    }

    /// How much is remembered.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn stats(&self) -> Result<Stats> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(memory.stats(&scope).await?)
    }

    /// The memory and the part of it that is meant, for who may do this.
    fn allowed(&self, permission: Permission) -> Result<(&Memory, karen_memory::Scope)> {
        self.session.principal.require(permission)?;
        let scope = self.session.scope.memory();
        let scope = match &self.conversation {
            Some(id) => scope.in_session(SessionId::new(id.as_str())),
            None => scope,
        };
        Ok((&self.session.karen.memory, scope))
    }

    /// Passes while the tenant has room for so many bytes.
    async fn admit(&self, bytes: usize) -> Result<()> {
        let Session {
            karen, principal, ..
        } = &self.session;
        karen.admit_bytes(principal, bytes).await
    }

    /// Tells whoever listens.
    async fn changed(&self) {
        let Session { karen, scope, .. } = &self.session;
        karen.publish(scope, EventKind::MemoryChanged).await;
    }
}

fn found<T>(found: Option<T>, id: &str) -> Result<T> {
    found.ok_or_else(|| Error::new(Code::NotFound, format!("there is no memory {id}")))
}

fn within(name: &str, value: usize, min: usize, max: usize) -> Result<()> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let message = format!("{name} is {value}, and may be {min} to {max}");
    Err(Error::new(Code::InvalidArgument, message))
}
