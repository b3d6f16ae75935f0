//! An operation under way.

use std::future::Future;
use std::time::Duration;

use karen_bindings::{Failure, Task, core};
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::error::raise;
use crate::gate::{self, Passage};
use crate::karen::Karen;
use crate::privacy::Lines;
use crate::session::Session;
use crate::streams::{Answer, Events, Turn};
use crate::value::{plain, to_python};

/// How long a thread waits between looks at Ctrl-C and at the end of the interpreter.
const STEP: Duration = Duration::from_millis(50);

/// An operation under way: wait for it, or be told when it is ready.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Pending {
    task: Task<Outcome>,
}

/// What operations give.
pub(crate) enum Outcome {
    Data(Value),
    Karen(karen_bindings::Karen),
    Session(karen_bindings::Session),
    Turn(karen_bindings::TurnEvents),
    Answer(karen_bindings::Answering),
    Events(karen_bindings::Pump<karen_bindings::Event>),
    Lines(karen_bindings::Pump<karen_bindings::KeptLine>),
}

impl Pending {
    pub(crate) fn new(
        future: impl Future<Output = Result<Outcome, Failure>> + Send + 'static,
    ) -> Self {
        Self {
            task: Task::spawn(future),
        }
    }

    /// An operation that gives data.
    pub(crate) fn data<T: Serialize>(
        future: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Self {
        Self::new(async move { Ok(Outcome::Data(plain(future.await?))) })
    }

    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.task.take() {
            Some(Ok(outcome)) => outcome.into_python(py),
            Some(Err(failure)) => Err(raise(py, &failure)),
            None => {
                let message = "the result is not there, or was taken before";
                Err(raise(py, &Failure::new(core::Code::Conflict, message)))
            }
        }
    }
}

#[pymethods]
impl Pending {
    /// Blocks until the result is there. Ctrl-C cancels the operation.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let passage = Passage::open();
        while passage.is_some() && !gate::is_shut() {
            if py.detach(|| self.task.wait(STEP)) {
                return self.result(py);
            }
            if let Err(interrupt) = py.check_signals() {
                self.task.cancel();
                return Err(interrupt);
            }
        }
        self.task.cancel();
        let message = "the interpreter is about to end";
        Err(raise(py, &Failure::new(core::Code::Cancelled, message)))
    }

    /// Whether the result is there, or will be within so many seconds.
    fn is_ready(&self, py: Python<'_>, seconds: f64) -> bool {
        let at_most = gate::at_most(seconds);
        py.detach(|| self.task.wait(at_most))
    }

    /// Calls back from a thread of Karen's when the result is there; at once if it is.
    fn when_ready(&self, callback: Py<PyAny>) {
        self.task.when_ready(move || {
            gate::attach(|py| {
                // A callback that fails has nobody to tell but Python's own hook.
                if let Err(error) = callback.call0(py) {
                    error.write_unraisable(py, Some(callback.bind(py)));
                }
            });
        });
    }

    /// The result, once.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.result(py)
    }

    /// Ends the operation.
    fn cancel(&self) {
        self.task.cancel();
    }
}

impl Outcome {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Self::Data(value) => to_python(py, &value)?,
            Self::Karen(karen) => Bound::new(py, Karen::new(karen))?.into_any(),
            Self::Session(session) => Bound::new(py, Session::new(session))?.into_any(),
            Self::Turn(turn) => Bound::new(py, Turn::new(turn))?.into_any(),
            Self::Answer(answer) => Bound::new(py, Answer::new(answer))?.into_any(),
            Self::Events(events) => Bound::new(py, Events::new(events))?.into_any(),
            Self::Lines(lines) => Bound::new(py, Lines::new(lines))?.into_any(),
        })
    }
}
