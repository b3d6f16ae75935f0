//! The door between Karen's threads and the interpreter, which is shut before the interpreter ends.
//!
//! A thread that comes back to an interpreter that is ending is killed where it stands, and Rust's
//! frames do not survive that. So threads go through this door, and the end waits for them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

static IS_SHUT: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// How often the end looks whether everybody is out.
const STEP: Duration = Duration::from_millis(2);

/// Held by a thread that is, or will be, attached to the interpreter.
pub(crate) struct Passage(());

impl Passage {
    /// `None` once the door is shut.
    pub(crate) fn open() -> Option<Self> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let passage = Self(());
        (!is_shut()).then_some(passage)
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the interpreter is about to end.
pub(crate) fn is_shut() -> bool {
    IS_SHUT.load(Ordering::SeqCst)
}

/// Runs `f` attached, unless the interpreter is about to end.
pub(crate) fn attach(f: impl FnOnce(Python<'_>)) {
    if let Some(_passage) = Passage::open() {
        Python::try_attach(f);
    }
}

/// So many seconds, at most a minute; none for what is no such number.
pub(crate) fn at_most(seconds: f64) -> Duration {
    let asked = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    asked.min(Duration::from_secs(60))
}

/// Shuts the door, and waits for at most `seconds` until every thread of Karen's is out.
#[pyfunction]
pub(crate) fn leave(py: Python<'_>, seconds: f64) -> bool {
    IS_SHUT.store(true, Ordering::SeqCst);
    let end = Instant::now() + at_most(seconds);
    py.detach(|| {
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            std::thread::sleep(STEP);
        }
    });
    INSIDE.load(Ordering::SeqCst) == 0
}

/// In a child process no thread of the parent's is inside, and nothing is ending.
#[pyfunction]
pub(crate) fn forked() {
    INSIDE.store(0, Ordering::SeqCst);
    IS_SHUT.store(false, Ordering::SeqCst);
}
