//! How the servers that a memory uses are doing.

use std::time::{Duration, Instant};

use crate::MemoryError;

/// A server that a memory uses besides its database, asked how it does.
#[derive(Debug)]
pub struct ServerHealth {
    /// `redis`, `elasticsearch` or `milvus`.
    pub server: &'static str,
    /// How long it took to answer, or why it does not.
    pub answered: Result<Duration, MemoryError>,
    /// What was written through this memory and is not there yet. Working memory hears of every
    /// write and never lags.
    pub lag: Lag,
}

/// How far an index is behind the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Users whose last writes wait.
    pub users: usize,
    /// For how long the oldest of them does.
    pub oldest: Duration,
}

/// How long `answer` takes to be a good one.
pub(crate) async fn timed(
    answer: impl Future<Output = Result<(), MemoryError>>,
) -> Result<Duration, MemoryError> {
    let asked = Instant::now();
    answer.await.map(|()| asked.elapsed())
}
