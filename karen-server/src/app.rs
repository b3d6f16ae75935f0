//! What every handler can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use karen_core::Karen;

use crate::limits::Limits;
use crate::telemetry::Metrics;

/// The state of the router. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) karen: Karen,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    leaving: Arc<AtomicBool>,
}

impl App {
    pub(crate) fn new(karen: Karen) -> Self {
        Self {
            limits: Limits::new(karen.auth().limiter(), karen.config().limits.clone()),
            karen,
            metrics: Metrics::installed(),
            leaving: Arc::default(),
        }
    }

    /// From here on the server says that it is not ready.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }
}
