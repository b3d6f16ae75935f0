//! A clock by hand, and what every clock owes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::Clock;

/// 2020-01-01 and 2200-01-01 in unix milliseconds: a clock in other units falls outside.
const PLAUSIBLE_MS: std::ops::Range<i64> = 1_577_836_800_000..7_258_118_400_000;

/// A clock that stands still until it is moved. It begins at 2026-01-01T00:00:00Z.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_767_225_600_000))
    }
}

impl ManualClock {
    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("tests move by less than an eon");
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What every [`Clock`] owes.
///
/// # Panics
/// When it answers in other units, or goes back.
pub fn clock(clock: &dyn Clock) {
    let mut before = clock.now_ms();
    assert!(PLAUSIBLE_MS.contains(&before), "unix milliseconds");
    for _ in 0..1_000 {
        let now = clock.now_ms();
        assert!(now >= before, "a clock never goes back");
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    struct Seconds;

    impl Clock for Seconds {
        fn now_ms(&self) -> i64 {
            SystemClock.now_ms() / 1000
        }
    }

    #[test]
    fn both_clocks_keep_their_promise() {
        clock(&SystemClock);
        clock(&ManualClock::default());
    }

    #[test]
    #[should_panic(expected = "unix milliseconds")]
    fn a_clock_in_seconds_fails() {
        clock(&Seconds);
    }
}
