//! Where the time comes from.

/// A clock, so that a test can drive the time.
///
/// What an implementation owes its callers, and `testing::clock` checks: milliseconds since
/// 1970-01-01T00:00:00Z, and no answer earlier than one given before.
pub trait Clock: Send + Sync {
    /// The time in unix milliseconds.
    fn now_ms(&self) -> i64;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        karen_sql::now_ms()
    }
}
