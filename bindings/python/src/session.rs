//! What one person does.

use karen_bindings::core::infer::Message;
use karen_bindings::{AnswerOptions, ChatOptions, NoteOptions};
use pyo3::prelude::*;

use crate::gate;
use crate::memories::Memories;
use crate::pending::{Outcome, Pending};
use crate::privacy::Privacy;
use crate::value::{give, read};

/// Karen on behalf of one person.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Session {
    session: karen_bindings::Session,
}

impl Session {
    pub(crate) fn new(session: karen_bindings::Session) -> Self {
        Self { session }
    }

    pub(crate) fn get(&self) -> karen_bindings::Session {
        self.session.clone()
    }
}

#[pymethods]
impl Session {
    fn whose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, Ok(self.session.whose()))
    }

    fn privacy(&self) -> Privacy {
        Privacy::new(self.session.privacy())
    }

    fn chat(&self, message: String, options: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, options): (_, ChatOptions) = (self.get(), read(options)?);
        Ok(Pending::new(async move {
            Ok(Outcome::Turn(session.chat(message, options).await?))
        }))
    }

    fn resume(&self, turn: String, after: u64) -> Pending {
        let session = self.get();
        Pending::new(async move { Ok(Outcome::Turn(session.resume(&turn, after).await?)) })
    }

    fn turn(&self, turn: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.turn(&turn).await })
    }

    fn cancel(&self, turn: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.cancel(&turn).await })
    }

    fn remember(&self, text: String, options: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (session, options): (_, NoteOptions) = (self.get(), read(options)?);
        Ok(Pending::data(async move {
            session.remember(text, options).await
        }))
    }

    fn recall(&self, query: String, limit: usize) -> Pending {
        let session = self.get();
        Pending::data(async move { session.recall(query, limit).await })
    }

    fn forget(&self, memory: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.forget(&memory).await })
    }

    fn memories(&self) -> Memories {
        Memories::new(self.get())
    }

    fn usage(&self, since: i64) -> Pending {
        let session = self.get();
        Pending::data(async move { session.usage(since).await })
    }

    /// `progress` is called with what is done and what there is in all.
    fn import_history(&self, text: String, progress: Option<Py<PyAny>>) -> Pending {
        let session = self.get();
        Pending::data(async move {
            let tell = |step: karen_bindings::core::ImportProgress| {
                if let Some(progress) = &progress {
                    tell(progress, step.done, step.all);
                }
            };
            session.import(&text, tell).await
        })
    }

    fn generate(
        &self,
        messages: &Bound<'_, PyAny>,
        options: &Bound<'_, PyAny>,
    ) -> PyResult<Pending> {
        let (messages, options): (Vec<Message>, AnswerOptions) = (read(messages)?, read(options)?);
        let session = self.get();
        Ok(Pending::new(async move {
            Ok(Outcome::Answer(session.generate(messages, options).await?))
        }))
    }

    fn create_conversation(&self, title: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.create_conversation(&title).await })
    }

    fn list_conversations(&self, after: Option<String>, limit: u32) -> Pending {
        let session = self.get();
        Pending::data(async move { session.list_conversations(after.as_deref(), limit).await })
    }

    fn conversation(&self, id: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.conversation(&id).await })
    }

    fn messages(&self, id: String, before: Option<String>, limit: u32) -> Pending {
        let session = self.get();
        Pending::data(async move { session.messages(&id, before.as_deref(), limit).await })
    }

    fn running_turn<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.session.running_turn(id))
    }

    fn rename_conversation(&self, id: String, title: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.rename_conversation(&id, &title).await })
    }

    fn delete_conversation(&self, id: String) -> Pending {
        let session = self.get();
        Pending::data(async move { session.delete_conversation(&id).await })
    }
}

fn tell(progress: &Py<PyAny>, done: usize, all: usize) {
    gate::attach(|py| {
        // Progress is news: one that fails to be told stops no import.
        if let Err(error) = progress.call1(py, (done, all)) {
            error.write_unraisable(py, Some(progress.bind(py)));
        }
    });
}
