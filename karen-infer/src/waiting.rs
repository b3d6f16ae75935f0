//! How long an answer waits for its turn, and who is let in first.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How an answer waits for a model that others ask too.
///
/// Only models that run here let anybody wait. One that gives a single answer at a time (candle) lets
/// them in as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Who is let in first.
    pub priority: Priority,
    /// How long it may wait: whose turn has not come by then is told `Timeout`, and nothing was
    /// computed for it. `None` for as long as it takes.
    pub at_most: Option<Duration>,
}

/// Who is let in first of those that wait. Nobody waits for ever: an answer that has been passed over
/// a few times counts as more urgent.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Work that nobody waits for.
    Low,
    /// What is asked without a word about it.
    #[default]
    Normal,
    /// Somebody is watching.
    High,
}
