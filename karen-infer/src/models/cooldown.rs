//! Models that failed a moment ago, which routes pass over for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::{ModelErrorKind, ModelName};

/// Longer than any provider's wait that is worth keeping to.
const COOLDOWN_MAX: Duration = Duration::from_secs(3600);

#[derive(Default)]
pub(super) struct Cooldowns {
    until: Mutex<HashMap<ModelName, Instant>>,
}

impl Cooldowns {
    /// Passes over `model` after it failed: as long as its provider says, else for `usual`.
    pub(super) fn begin(&self, model: &ModelName, failure: &ModelErrorKind, usual: Duration) {
        let wait = match failure {
            ModelErrorKind::RateLimited { wait: Some(wait) } => *wait,
            ModelErrorKind::RateLimited { wait: None }
            | ModelErrorKind::Unavailable
            | ModelErrorKind::Timeout
            | ModelErrorKind::Malformed
            | ModelErrorKind::Denied(_)
            | ModelErrorKind::Quota(_)
            | ModelErrorKind::Load(_)
            | ModelErrorKind::Missing => usual,
            // It is the request that does not suit it; the next one may.
            _ => return,
        };
        let until = Instant::now() + wait.min(COOLDOWN_MAX);
        self.lock().insert(model.clone(), until);
    }

    /// What is left of a model's cooldown.
    pub(super) fn left(&self, model: &ModelName) -> Option<Duration> {
        let until = *self.lock().get(model)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Ends a model's cooldown: it has answered.
    pub(super) fn end(&self, model: &ModelName) {
        self.lock().remove(model);
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ModelName, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
