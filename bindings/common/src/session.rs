//! What one person does, as a host calls it.

use std::sync::Arc;

use karen_core::infer::Message;
use karen_core::{ImportProgress, Imported, RecalledItem, Turn, TurnId};
use serde::Serialize;

use crate::{
    AnswerOptions, Answering, ChatOptions, Failure, InProcess, Privacy, TurnEvents, UsageTotal,
};

/// Karen on behalf of one person. Clones share it.
#[derive(Clone)]
pub struct Session {
    inner: Arc<InProcess<karen_core::Session>>,
    whose: Arc<Whose>,
}

/// On whose behalf a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// The user's id; `local` in a program for one person.
    pub user: String,
    /// The tenant's id.
    pub tenant: String,
    /// The role in the tenant.
    pub role: &'static str,
    /// What is permitted, by name.
    pub permissions: Vec<&'static str>,
}

impl Session {
    pub(crate) fn new(session: karen_core::Session) -> Self {
        let principal = session.principal();
        let permissions = principal.permissions();
        let whose = Whose {
            user: principal.account().to_string(),
            tenant: principal.tenant().to_string(),
            role: principal.role().as_str(),
            permissions: permissions.iter().map(|p| p.as_str()).collect(),
        };
        Self {
            inner: Arc::new(InProcess::new(session)),
            whose: Arc::new(whose),
        }
    }

    /// On whose behalf.
    #[must_use]
    pub fn whose(&self) -> &Whose {
        &self.whose
    }

    /// What is kept of the person.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        Privacy::new(self.clone())
    }

    /// Says something. When it returns the message is durable, and the turn goes on by itself.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TOO_LARGE`, `NOT_FOUND`, `MODEL_MISSING`, `CONFLICT`, `RATE_LIMITED`,
    /// `QUOTA`, `FORBIDDEN`, `STORAGE_FULL`.
    pub async fn chat(&self, message: String, options: ChatOptions) -> Result<TurnEvents, Failure> {
        let session = self.core()?;
        let chat = options.apply(session.chat(message))?;
        Ok(TurnEvents::new(session.clone(), chat.stream().await?))
    }

    /// Listens to a turn again, from the event after number `after`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `NOT_FOUND`, `FORBIDDEN`.
    pub async fn resume(&self, turn: &str, after: u64) -> Result<TurnEvents, Failure> {
        let session = self.core()?;
        let stream = session.resume(&TurnId::parse(turn)?, after).await?;
        Ok(TurnEvents::new(session.clone(), stream))
    }

    /// One turn.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `NOT_FOUND`, `FORBIDDEN`.
    pub async fn turn(&self, turn: &str) -> Result<Turn, Failure> {
        Ok(self.core()?.turn(&TurnId::parse(turn)?).await?)
    }

    /// Stops a turn; `false` if it was over.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `NOT_FOUND`, `FORBIDDEN`.
    pub async fn cancel(&self, turn: &str) -> Result<bool, Failure> {
        Ok(self.core()?.cancel(&TurnId::parse(turn)?).await?)
    }

    /// What is relevant to `query`, best first.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a limit that is not 1 to 200.
    pub async fn recall(&self, query: String, limit: usize) -> Result<Vec<RecalledItem>, Failure> {
        Ok(self.core()?.recall(query).limit(limit).await?)
    }

    /// Forgets a memory for good; `false` if there was none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn forget(&self, memory: &str) -> Result<bool, Failure> {
        Ok(self.core()?.forget(memory).await?)
    }

    /// What was used at or after `since`, unix milliseconds.
    ///
    /// # Errors
    /// What the ledger reports.
    pub async fn usage(&self, since: i64) -> Result<UsageTotal, Failure> {
        Ok(self.core()?.usage(since).await?.into())
    }

    /// Takes over a chat history: OpenAI's export, or JSON lines.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, naming what cannot be read, `FORBIDDEN`, `STORAGE_FULL`.
    pub async fn import(
        &self,
        text: &str,
        progress: impl FnMut(ImportProgress) + Send,
    ) -> Result<Imported, Failure> {
        Ok(self.core()?.import(text, progress).await?)
    }

    /// Answers a chat that the host keeps itself: nothing is remembered or recalled.
    ///
    /// # Errors
    /// `FORBIDDEN`, `RATE_LIMITED`, `QUOTA`, `MODEL_MISSING`, `TOO_LARGE`.
    pub async fn generate(
        &self,
        messages: Vec<Message>,
        options: AnswerOptions,
    ) -> Result<Answering, Failure> {
        let answer = self.core()?.generate(options.request(messages)?).await?;
        Ok(Answering::of_session(answer))
    }

    pub(crate) fn core(&self) -> Result<&karen_core::Session, Failure> {
        self.inner.get()
    }
}
