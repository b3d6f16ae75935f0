//! What is remembered for one person.

use karen_bindings::core::memory::{Feedback, Retention};
use karen_bindings::{NoteOptions, Patch, SearchOptions};
use pyo3::prelude::*;

use crate::duckdb;
use crate::pending::Pending;
use crate::value::{give, read};

/// What is remembered for one person.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Memories {
    session: karen_bindings::Session,
}

impl Memories {
    pub(crate) fn new(session: karen_bindings::Session) -> Self {
        Self { session }
    }

    fn get(&self) -> karen_bindings::Session {
        self.session.clone()
    }
}

#[pymethods]
impl Memories {
    /// `texts` and `notes` belong together one by one.
    fn remember_all(
        &self,
        texts: Vec<String>,
        notes: &Bound<'_, PyAny>,
        conversation: Option<String>,
    ) -> PyResult<Pending> {
        let notes: Vec<NoteOptions> = read(notes)?;
        let notes = texts.into_iter().zip(notes).collect();
        let session = self.get();
        Ok(Pending::data(async move {
            session.remember_all(notes, conversation.as_deref()).await
        }))
    }

    fn list(&self, after: Option<String>, limit: u32) -> Pending {
        let session = self.get();
        Pending::data(async move { session.list_memories(after.as_deref(), limit).await })
    }

    fn one(&self, id: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.memory(&id).await })
    }

    fn inspect(&self, id: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.inspect_memory(&id).await })
    }

    fn search(&self, query: String, options: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, options): (_, SearchOptions) = (self.get(), read(options)?);
        Ok(Pending::data(async move {
            session.search_memories(query, options).await
        }))
    }

    fn update(&self, id: String, patch: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, patch): (_, Patch) = (self.get(), read(patch)?);
        Ok(Pending::data(async move {
            session.update_memory(&id, patch).await
        }))
    }

    fn feedback(&self, id: String, feedback: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, feedback): (_, Feedback) = (self.get(), read(feedback)?);
        Ok(Pending::data(async move {
            session.memory_feedback(&id, feedback).await
        }))
    }

    fn restore(&self, id: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.restore_memory(&id).await })
    }

    fn forget_all(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.forget_all().await })
    }

    fn erase(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.erase_memory().await })
    }

    fn stats(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.memory_stats().await })
    }

    fn reports<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.session.memory_reports())
    }

    fn report(&self, name: String, of: String) -> Pending {
        let session = self.get();
        Pending::data(async move {
            let answer = session.memory_report(&name, &of).await;
            answer.map_err(duckdb::explained)
        })
    }

    fn ask(&self, question: String, of: String) -> Pending {
        let session = self.get();
        Pending::data(async move {
            let answer = session.ask_memory(&question, &of).await;
            answer.map_err(duckdb::explained)
        })
    }

    fn consent(&self, conversation: Option<String>) -> Pending {
        let session = self.get();
        Pending::data(async move { session.consent(conversation.as_deref()).await })
    }

    fn set_consent(&self, remember: bool, conversation: Option<String>) -> Pending {
        let session = self.get();
        Pending::data(async move { session.set_consent(remember, conversation.as_deref()).await })
    }

    fn retention(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.retention().await })
    }

    fn set_retention(&self, retention: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, retention): (_, Retention) = (self.get(), read(retention)?);
        Ok(Pending::data(async move {
            session.set_retention(retention).await
        }))
    }

    fn clean_up(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.clean_up_memory().await })
    }

    fn consolidate(&self) -> Pending {
        let session = self.get();
        Pending::data(async move { session.consolidate_memory().await })
    }

    fn export(&self, after: Option<String>, limit: u32) -> Pending {
        let session = self.get();
        Pending::data(async move { session.export_memories(after.as_deref(), limit).await })
    }

    fn import_lines(&self, lines: Vec<String>) -> Pending {
        let session = self.get();
        Pending::data(async move { session.import_memories(lines).await })
    }
}
