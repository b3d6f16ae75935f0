//! An operation under way, for a host to block on or to be told about.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::task::AbortHandle;

use crate::{Failure, runtime};

type Callback = Box<dyn FnOnce() + Send>;

/// An operation that runs on the runtime of the process, whoever waits for it.
///
/// Dropping it lets the operation run on; [`cancel`](Task::cancel) ends it.
pub struct Task<T> {
    pid: u32,
    slot: Arc<Slot<T>>,
    abort: Option<AbortHandle>,
}

/// Where the result is put.
struct Slot<T> {
    state: Mutex<State<T>>,
    is_ready: Condvar,
}

enum State<T> {
    Running(Vec<Callback>),
    Ready(Result<T, Failure>),
    Taken,
}

impl<T: Send + 'static> Task<T> {
    /// Begins an operation. A panic in it is an `INTERNAL` failure.
    pub fn spawn(future: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Self {
        Self::run(future.boxed())
    }

    /// Boxed, as a binding has some hundred operations: what runs them would be compiled for each.
    fn run(future: BoxFuture<'static, Result<T, Failure>>) -> Self {
        let slot = Arc::new(Slot::new());
        let promise = Promise(Arc::clone(&slot));
        let work = async move {
            let result = AssertUnwindSafe(future).catch_unwind().await;
            promise.keep(result.unwrap_or_else(|panic| Err(Failure::panicked(&*panic))));
        };
        let abort = match runtime::runtime() {
            Ok(runtime) => Some(runtime.spawn(work).abort_handle()),
            Err(failure) => {
                slot.put(Err(failure));
                None
            }
        };
        Self {
            pid: std::process::id(),
            slot,
            abort,
        }
    }

    /// Blocks this thread until the result is there, at most for so long; tells whether it is.
    ///
    /// Any thread may wait. Hosts wait in short steps, and look at their own signals in between.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        if !self.is_own() {
            return true;
        }
        let state = self.slot.lock();
        let running = |state: &mut State<T>| matches!(state, State::Running(_));
        let (_state, timeout) = self
            .slot
            .is_ready
            .wait_timeout_while(state, at_most, running)
            .unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// The result, once: `None` while it is not there, and after it was taken.
    #[must_use]
    pub fn take(&self) -> Option<Result<T, Failure>> {
        if !self.is_own() {
            return Some(Err(Failure::inherited(self.pid)));
        }
        let mut state = self.slot.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Ready(result) => Some(result),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Calls back from a thread of the runtime as soon as the result is there; at once if it is.
    pub fn when_ready(&self, callback: impl FnOnce() + Send + 'static) {
        if self.is_own()
            && let State::Running(callbacks) = &mut *self.slot.lock()
        {
            callbacks.push(Box::new(callback));
            return;
        }
        callback();
    }

    /// Ends the operation at its next await; its result is then `CANCELLED`.
    pub fn cancel(&self) {
        if let Some(abort) = self.abort.as_ref().filter(|_| self.is_own()) {
            abort.abort();
        }
    }

    fn is_own(&self) -> bool {
        self.pid == std::process::id()
    }
}

impl<T> Slot<T> {
    fn new() -> Self {
        Self {
            state: Mutex::new(State::Running(Vec::new())),
            is_ready: Condvar::new(),
        }
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, result: Result<T, Failure>) {
        let mut state = self.lock();
        let State::Running(callbacks) = &mut *state else {
            return;
        };
        let callbacks = std::mem::take(callbacks);
        *state = State::Ready(result);
        drop(state);
        self.is_ready.notify_all();
        for callback in callbacks {
            callback();
        }
    }
}

/// Puts a result in the slot whatever happens: an aborted operation was cancelled.
struct Promise<T>(Arc<Slot<T>>);

impl<T> Promise<T> {
    fn keep(self, result: Result<T, Failure>) {
        self.0.put(result);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.0.put(Err(Failure::cancelled()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_result_is_waited_for_and_taken_once() {
        let task = Task::spawn(async { Ok(7) });
        assert!(task.wait(LONG));
        assert_eq!(task.take(), Some(Ok(7)));
        assert_eq!(task.take(), None);
    }

    #[test]
    fn waiting_ends_when_the_time_is_up() {
        let task = Task::spawn(std::future::pending::<Result<(), Failure>>());
        assert!(!task.wait(Duration::ZERO));
        assert_eq!(task.take(), None);
    }

    #[test]
    fn a_panic_is_a_failure_of_karens() {
        let task = Task::<()>::spawn(async { panic!("on purpose") });
        assert!(task.wait(LONG));
        let failure = task.take().expect("ready").expect_err("it panicked");
        assert_eq!(failure.code(), "INTERNAL");
        assert!(failure.message().contains("on purpose"));
    }

    #[test]
    fn a_cancelled_operation_says_so_to_whoever_waits() {
        let (told, hears) = mpsc::channel();
        let task = Task::spawn(std::future::pending::<Result<(), Failure>>());
        task.when_ready(move || told.send(()).expect("somebody listens"));
        task.cancel();
        assert!(task.wait(LONG));
        hears.recv_timeout(LONG).expect("the callback is called");
        let failure = task.take().expect("ready").expect_err("cancelled");
        assert_eq!(failure.code(), "CANCELLED");
    }

    #[test]
    fn who_asks_late_is_called_back_at_once() {
        let task = Task::spawn(async { Ok(()) });
        assert!(task.wait(LONG));
        let (told, hears) = mpsc::channel();
        task.when_ready(move || told.send(()).expect("somebody listens"));
        hears.try_recv().expect("it was called at once");
    }
}
