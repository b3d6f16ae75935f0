//! How models run.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

/// How [`Models`](crate::Models) run. Absent settings are chosen.
#[derive(Clone, Debug, Default)]
pub struct ModelsConfig {
    /// Where the registry is kept; `None` keeps it in memory.
    pub folder: Option<PathBuf>,
    /// Threads of each engine. Chosen: one less than the cores, at least one. An engine that has to
    /// share its last core waits for it at every step.
    pub threads: Option<NonZeroUsize>,
    /// Tokens of context of each model. Chosen: what it was trained for, 8,192 at most.
    pub context_tokens: Option<NonZeroU32>,
}
