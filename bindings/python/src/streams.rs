//! What is listened to: a turn, an answer, news.

use std::sync::Arc;

use karen_bindings::{Answering, Event, PullStep, Pump, TurnEvents};
use pyo3::prelude::*;

use crate::pending::Pending;
use crate::value::give;

/// A turn that is listened to.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Turn {
    turn: Arc<TurnEvents>,
}

impl Turn {
    pub(crate) fn new(turn: TurnEvents) -> Self {
        Self {
            turn: Arc::new(turn),
        }
    }
}

#[pymethods]
impl Turn {
    #[getter]
    fn id(&self) -> &str {
        self.turn.id()
    }

    #[getter]
    fn conversation(&self) -> &str {
        self.turn.conversation()
    }

    fn cancel(&self) {
        self.turn.cancel();
    }

    /// The next events; an empty list after the last.
    fn next(&self) -> Pending {
        let turn = Arc::clone(&self.turn);
        Pending::data(async move { turn.next().await })
    }
}

/// An answer without a conversation.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Answer {
    answer: Arc<Answering>,
}

impl Answer {
    pub(crate) fn new(answer: Answering) -> Self {
        Self {
            answer: Arc::new(answer),
        }
    }
}

#[pymethods]
impl Answer {
    #[getter]
    fn model(&self) -> &str {
        self.answer.model()
    }

    fn served<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, Ok(self.answer.served()))
    }

    fn cancel(&self) {
        self.answer.cancel();
    }

    /// The next events; an empty list after the last.
    fn next(&self) -> Pending {
        let answer = Arc::clone(&self.answer);
        Pending::data(async move { answer.next().await })
    }
}

/// A model on its way from a hub.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Pull {
    steps: Arc<Pump<PullStep>>,
}

impl Pull {
    pub(crate) fn new(steps: Pump<PullStep>) -> Self {
        Self {
            steps: Arc::new(steps),
        }
    }
}

#[pymethods]
impl Pull {
    /// The next steps; an empty list after the last.
    fn next(&self) -> Pending {
        let steps = Arc::clone(&self.steps);
        Pending::data(async move { steps.next().await })
    }
}

/// News of what happens.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Events {
    events: Arc<Pump<Event>>,
}

impl Events {
    pub(crate) fn new(events: Pump<Event>) -> Self {
        Self {
            events: Arc::new(events),
        }
    }
}

#[pymethods]
impl Events {
    /// The next news; an empty list at the end.
    fn next(&self) -> Pending {
        let events = Arc::clone(&self.events);
        Pending::data(async move { events.next().await })
    }
}
