//! Python's functions and models, as Karen calls them.
//!
//! A call only hands the work over to a thread of Python's own, see `karen._host`: a thread that
//! sleeps in a tool while the interpreter ends must have no frame of Rust's below it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use karen_bindings::core::infer::{ToolCall, Usage};
use karen_bindings::{Failure, HostError, HostFunction, HostModel, HostRequest, Piece};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use serde_json::Value;

use crate::error::raise;
use crate::gate;
use crate::pending::Pending;
use crate::value::{of_python, plain, read, to_python};

/// A function of Python's.
pub(crate) struct Function {
    call: Py<PyAny>,
}

impl Function {
    pub(crate) fn new(call: Py<PyAny>) -> Self {
        Self { call }
    }
}

impl HostFunction for Function {
    fn call(&self, arguments: Value, user: &str, reply: karen_bindings::Reply<Value>) {
        let reply = Reply::new(Answer::Value(reply));
        hand_over(&self.call, |call| {
            call.call1((to_python(call.py(), &arguments)?, user, reply))
        });
    }
}

/// A model of Python's.
pub(crate) struct Model {
    host: Py<PyAny>,
}

impl Model {
    pub(crate) fn new(host: Py<PyAny>) -> Self {
        Self { host }
    }

    /// Calls a method with the request, if there is one, and with what to answer through.
    fn tell(&self, method: &str, request: Option<Value>, answer: impl for<'py> IntoPyObject<'py>) {
        hand_over(&self.host, |host| {
            let answer = answer.into_py_any(host.py())?;
            match request {
                Some(request) => {
                    let request = to_python(host.py(), &request)?;
                    host.call_method1(method, (request, answer))
                }
                None => host.call_method1(method, (answer,)),
            }
        });
    }
}

impl HostModel for Model {
    fn load(&self, reply: karen_bindings::Reply<()>) {
        self.tell("load", None, Reply::new(Answer::Nothing(reply)));
    }

    fn unload(&self, reply: karen_bindings::Reply<()>) {
        self.tell("unload", None, Reply::new(Answer::Nothing(reply)));
    }

    fn generate(&self, request: HostRequest, pieces: karen_bindings::Pieces) {
        self.tell("generate", Some(plain(request)), Pieces::new(pieces));
    }

    fn count(&self, request: HostRequest, reply: karen_bindings::Reply<u32>) {
        let reply = Reply::new(Answer::Count(reply));
        self.tell("count", Some(plain(request)), reply);
    }

    fn embed(&self, texts: Vec<String>, reply: karen_bindings::Reply<Vec<Vec<f32>>>) {
        let reply = Reply::new(Answer::Rows(reply));
        self.tell("embed", Some(plain(texts)), reply);
    }
}

/// Calls Python; whoever waits for the reply learns of a failure by its being dropped.
fn hand_over(
    to: &Py<PyAny>,
    call: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) {
    gate::attach(|py| {
        let to = to.bind(py);
        if let Err(error) = call(to) {
            error.write_unraisable(py, Some(to));
        }
    });
}

/// Where the answer to one call goes.
enum Answer {
    Nothing(karen_bindings::Reply<()>),
    Value(karen_bindings::Reply<Value>),
    Count(karen_bindings::Reply<u32>),
    Rows(karen_bindings::Reply<Vec<Vec<f32>>>),
}

impl Answer {
    fn send(self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match self {
            Self::Nothing(reply) => answer(reply, Ok(())),
            Self::Value(reply) => answer(reply, of_python(value)),
            Self::Count(reply) => answer(reply, value.extract()),
            Self::Rows(reply) => answer(reply, value.extract()),
        }
    }

    fn fail(self, error: HostError) {
        match self {
            Self::Nothing(reply) => reply.send(Err(error)),
            Self::Value(reply) => reply.send(Err(error)),
            Self::Count(reply) => reply.send(Err(error)),
            Self::Rows(reply) => reply.send(Err(error)),
        }
    }

    fn when_abandoned(&self, callback: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        match self {
            Self::Nothing(reply) => reply.when_abandoned(callback),
            Self::Value(reply) => reply.when_abandoned(callback),
            Self::Count(reply) => reply.when_abandoned(callback),
            Self::Rows(reply) => reply.when_abandoned(callback),
        }
    }
}

/// An answer of another kind than was asked for is an error for both sides.
fn answer<T>(reply: karen_bindings::Reply<T>, value: PyResult<T>) -> PyResult<()> {
    match value {
        Ok(value) => {
            reply.send(Ok(value));
            Ok(())
        }
        Err(error) => {
            reply.send(Err(HostError::new(error.to_string())));
            Err(error)
        }
    }
}

/// How Python answers a call, once.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Reply {
    answer: Mutex<Option<Answer>>,
}

impl Reply {
    fn new(answer: Answer) -> Self {
        Self {
            answer: Mutex::new(Some(answer)),
        }
    }

    fn take(&self) -> Option<Answer> {
        self.lock().take()
    }

    /// `f` of the answer that is still to be given. It calls no Python: others wait for the lock.
    fn with<T>(&self, f: impl FnOnce(&Answer) -> T) -> Option<T> {
        self.lock().as_ref().map(f)
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Reply {
    /// Answers.
    fn send(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.take().map_or(Ok(()), |answer| answer.send(value))
    }

    /// Says that it went wrong.
    fn fail(&self, message: String) {
        if let Some(answer) = self.take() {
            answer.fail(HostError::new(message));
        }
    }

    /// Calls back when nobody waits for the answer any more.
    fn when_abandoned(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        let call_back = move || {
            gate::attach(|py| {
                if let Err(error) = callback.call0(py) {
                    error.write_unraisable(py, Some(callback.bind(py)));
                }
            });
        };
        let told = self.with(|answer| answer.when_abandoned(call_back));
        told.unwrap_or(Ok(()))
            .map_err(|failure| raise(py, &failure))
    }
}

/// Where a model of Python's puts the pieces of its answer.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Pieces {
    pieces: Mutex<Option<karen_bindings::Pieces>>,
}

impl Pieces {
    fn new(pieces: karen_bindings::Pieces) -> Self {
        Self {
            pieces: Mutex::new(Some(pieces)),
        }
    }

    fn get(&self) -> Option<karen_bindings::Pieces> {
        // No code panics while it holds this lock.
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.clone()
    }

    /// `None` when there is room, else what to wait for.
    fn put(&self, piece: Result<Piece, HostError>) -> Sent {
        let Some(pieces) = self.get() else {
            return Sent::Unwanted;
        };
        match pieces.try_send(piece) {
            Ok(true) => Sent::Taken,
            Ok(false) => Sent::Unwanted,
            Err(piece) => Sent::Waits(Pending::data(async move {
                Ok::<_, Failure>(pieces.wait_send(piece).await)
            })),
        }
    }
}

/// What became of a piece.
enum Sent {
    Taken,
    Unwanted,
    Waits(Pending),
}

impl Sent {
    fn into_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(match self {
            Self::Taken => true.into_py_any(py)?,
            Self::Unwanted => false.into_py_any(py)?,
            Self::Waits(pending) => pending.into_py_any(py)?,
        })
    }
}

#[pymethods]
impl Pieces {
    /// Gives a piece of text; `False` when no more are wanted, a `Pending` of that when many wait.
    #[pyo3(signature = (text) -> "bool | Pending")]
    fn text(&self, py: Python<'_>, text: String) -> PyResult<Py<PyAny>> {
        self.put(Ok(Piece::Text(text))).into_python(py)
    }

    /// Gives a thought.
    #[pyo3(signature = (text) -> "bool | Pending")]
    fn thought(&self, py: Python<'_>, text: String) -> PyResult<Py<PyAny>> {
        self.put(Ok(Piece::Thought(text))).into_python(py)
    }

    /// Asks for a tool to be called.
    #[pyo3(signature = (call) -> "bool | Pending")]
    fn tool_call(&self, py: Python<'_>, call: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let call: ToolCall = read(call)?;
        self.put(Ok(Piece::ToolCall(call))).into_python(py)
    }

    /// Tells what the answer took.
    #[pyo3(signature = (prompt_tokens, completion_tokens) -> "bool | Pending")]
    fn usage(
        &self,
        py: Python<'_>,
        prompt_tokens: u32,
        completion_tokens: u32,
    ) -> PyResult<Py<PyAny>> {
        let usage = Usage {
            prompt_tokens,
            completion_tokens,
            cached_tokens: 0,
        };
        self.put(Ok(Piece::Usage(usage))).into_python(py)
    }

    /// Says that it went wrong.
    #[pyo3(signature = (message) -> "bool | Pending")]
    fn fail(&self, py: Python<'_>, message: String) -> PyResult<Py<PyAny>> {
        self.put(Err(HostError::new(message))).into_python(py)
    }

    /// The end of the answer.
    fn end(&self) {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        drop(pieces.take());
    }
}
