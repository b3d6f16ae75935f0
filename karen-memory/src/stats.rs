//! How much is remembered.

use serde::Serialize;

/// How many records a scope has, and of what sort. Those of one sort may be of another too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All of them.
    pub records: u64,
    /// Notes.
    pub facts: u64,
    /// Things said in sessions.
    pub turns: u64,
    /// Standing instructions.
    pub instructions: u64,
    /// What consolidation made.
    pub summaries: u64,
    /// A present memory: neither over, nor retired, nor put away.
    pub present: u64,
    /// Never cleaned up.
    pub pinned: u64,
    /// Another record took their place.
    pub superseded: u64,
    /// Put away by cleaning up.
    pub archived: u64,
    /// Unix milliseconds when the oldest was said.
    pub first_at: Option<i64>,
    /// When the newest was.
    pub last_at: Option<i64>,
}
