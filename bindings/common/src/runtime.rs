//! The tokio runtime of a process, made at its first use.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

use crate::Failure;

/// The runtimes of this process and of those it was forked from. Nothing of a parent's runtime
/// works in a child: its threads are gone. So each process appends its own, and none is dropped.
static FIRST: OnceLock<Box<ProcessRuntime>> = OnceLock::new();

struct ProcessRuntime {
    pid: u32,
    runtime: Runtime,
    next: OnceLock<Box<ProcessRuntime>>,
}

/// The runtime of this process.
///
/// # Errors
/// `UNAVAILABLE` when the system gives it no threads.
pub(crate) fn runtime() -> Result<&'static Runtime, Failure> {
    let pid = std::process::id();
    let mut place = &FIRST;
    loop {
        // Walking takes no lock: one that a thread of the parent's held would never be released.
        match place.get() {
            Some(found) if found.pid == pid => return Ok(&found.runtime),
            Some(other) => place = &other.next,
            // Whoever is slower drops its own runtime, which has no work yet, and finds the other.
            None => drop(place.set(start(pid)?)),
        }
    }
}

fn start(pid: u32) -> Result<Box<ProcessRuntime>, Failure> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("karen")
        .build()
        .map_err(|error| Failure::unavailable(format!("no threads can be started: {error}")))?;
    Ok(Box::new(ProcessRuntime {
        pid,
        runtime,
        next: OnceLock::new(),
    }))
}
